"""The operations of a service: what its OpenAPI schema and its routes say, as requests with drawn values. Pure."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from bench.starter.inspection import Inspection
from bench.starter.parameters import Arguments, arguments
from bench.starter.validity import SchemaError, resolve
from bench.starter.values import draw, examples

_METHODS = ("get", "post", "put", "patch", "delete")
_DOCS = re.compile(r"/(docs|redoc|openapi|schema|swagger|static|favicon)\b|\.(json|yaml|yml)$")
_STATUS = re.compile(r"2[0-9]{2}")
_FORM = "application/x-www-form-urlencoded"
_DELETES = "it deletes: after it, other scenarios may find nothing"
_KIND_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "uuid": {"type": "string", "format": "uuid"},
    "string": {"type": "string"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method of a path, with the request that calls it and the answer that it should give.

    `target` is the path with values in place of its parameters, and the query. `json` is the body, where `has_json`;
    `form` is a body of a form. An operation with a `reason` cannot be called from the schema alone.
    """

    name: str
    method: str
    path: str
    about: str = ""
    target: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    has_json: bool = False
    json: Any = None
    form: str = ""
    expect: int = 200
    content_type: str = ""
    reason: str = ""

    @property
    def is_callable(self) -> bool:
        return not self.reason


def operations(service: Inspection) -> tuple[Operation, ...]:
    """All operations of a service: those of its schemas first, then routes that no schema speaks of."""
    found = [each for one in service.schemas for each in _of_schema(one["prefix"], one["schema"])]
    known = {(each.method, _shape(each.path)) for each in found}
    for route in service.routes:
        key = (route["method"], _shape(route["path"]))
        if key not in known and not _DOCS.search(route["path"]) and route["method"].lower() in _METHODS:
            known.add(key)
            found.append(_of_route(route))
    return _named_apart(found)


def document_operations(document: Mapping[str, Any], prefix: str = "") -> tuple[Operation, ...]:
    """The operations of an OpenAPI document alone, whose paths all have the same prefix."""
    return _named_apart(list(_of_schema(prefix, document)))


def _shape(path: str) -> str:
    """A path without the names of its parameters, and without a slash at its end."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


def _named_apart(found: Sequence[Operation]) -> tuple[Operation, ...]:
    """The operations with names of which none recurs."""
    names: set[str] = set()
    apart = []
    for each in found:
        name = next(
            name for number in range(1, len(found) + 2) if (name := _numbered(each.name, number)) not in names
        )
        names.add(name)
        apart.append(replace(each, name=name))
    return tuple(apart)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _name(method: str, path: str) -> str:
    words = re.findall(r"[a-z0-9]+", path.lower())
    return "-".join([method.lower(), *(words or ["root"])])


# --- from a schema -------------------------------------------------------------------------------


def _of_schema(prefix: str, document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in _mapping(_mapping(document).get("paths")).items():
        for method in _METHODS:
            if isinstance(item, Mapping) and isinstance(item.get(method), Mapping):
                yield _operation(method.upper(), prefix + path, item, document)


def _operation(method: str, path: str, item: Mapping[str, Any], document: Mapping[str, Any]) -> Operation:
    entry = item[method.lower()]
    expect, content_type = _expected(entry, document)
    bare = Operation(
        name=_name(method, path),
        method=method,
        path=path,
        about=_about(entry),
        target=path,
        expect=expect,
        content_type=content_type,
    )
    try:
        filled = _with_arguments(bare, arguments(item, entry, document))
        filled = _with_body(filled, entry, document)
        scheme = _authentication(entry, document)
    except (SchemaError, RecursionError) as error:
        return replace(bare, reason=str(error) or "its schema is nested too deeply")
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        return replace(bare, reason=f"its schema cannot be read: {type(error).__name__}: {error}")
    if scheme:
        return replace(filled, reason=f"it needs authentication ({scheme})")
    return replace(filled, reason=_DELETES) if method == "DELETE" else filled


def _about(entry: Mapping[str, Any]) -> str:
    text = str(entry.get("summary") or entry.get("description") or "").strip()
    return " ".join(text.partition("\n")[0].split())[:100]


def _expected(entry: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[int, str]:
    """The status and the content type of a good answer; of an answer that cannot be read the type is not known."""
    for status, answer in sorted(_mapping(entry.get("responses")).items(), key=lambda pair: str(pair[0])):
        if str(status).startswith("2"):
            content: Mapping[str, Any] = {}
            with contextlib.suppress(SchemaError):
                content = _mapping(_followed(_mapping(answer), document).get("content"))
            return int(status) if _STATUS.fullmatch(str(status)) else 200, next(iter(content), "")
    return 200, ""


def _authentication(entry: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """The name of the scheme that an operation needs; empty where it needs none."""
    wanted = entry.get("security", document.get("security")) or []
    if not wanted or any(not each for each in wanted):
        return ""
    return ", ".join(dict.fromkeys(name for each in wanted for name in each))


def _with_arguments(operation: Operation, given: Arguments) -> Operation:
    target = operation.path
    for name, value in given.path.items():
        target = target.replace(f"{{{name}}}", value)
    query = "&".join(given.query)
    cookies = (("Cookie", "; ".join(given.cookies)),) if given.cookies else ()
    reason = f"its path has a parameter without a schema: {target}" if "{" in target else ""
    return replace(
        operation,
        target=f"{target}?{query}" if query else target,
        headers=(*given.headers, *cookies),
        reason=reason,
    )


def _with_body(operation: Operation, entry: Mapping[str, Any], document: Mapping[str, Any]) -> Operation:
    body = _followed(entry.get("requestBody") or {}, document)
    content: Mapping[str, Any] = body.get("content") or {}
    if not content or operation.reason:
        return operation
    for kind, media in content.items():
        plain = kind.partition(";")[0].strip().lower()
        if plain in ("application/json", "*/*") or plain.endswith("+json"):
            return replace(operation, has_json=True, json=_value(media, document))
        if plain == _FORM:
            return replace(operation, form=_form(_value(media, document)))
    return replace(operation, reason=f"its body is {next(iter(content))}, which is not drawn")


def _value(media: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """A body: the first example, else a value for the schema."""
    schema, shown = media.get("schema", True), list(examples(media))
    return draw({"allOf": [schema], "examples": shown} if shown else schema, document)


def _form(fields: Any) -> str:
    if not isinstance(fields, dict):
        raise SchemaError("its form is not an object")
    plain = {name: str(value).lower() if isinstance(value, bool) else value for name, value in fields.items()}
    return urlencode(plain, doseq=True)


def _followed(entry: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(resolve(entry["$ref"], document) if "$ref" in entry else entry)


def _mapping(found: Any) -> Mapping[str, Any]:
    """An empty one in place of whatever else a document may have there."""
    return found if isinstance(found, Mapping) else {}


# --- from a route --------------------------------------------------------------------------------


def _of_route(route: Mapping[str, Any]) -> Operation:
    method, path = route["method"], route["path"]
    bare = Operation(name=_name(method, path), method=method, path=path, target=path)
    if method != "GET":
        return replace(bare, reason=_DELETES if method == "DELETE" else "no schema says what its body is")
    kinds = {name: kind for name, kind in route.get("kinds", {}).items() if f"{{{name}}}" in path}
    values = {name: str(draw(_KIND_SCHEMAS[kind], {})) for name, kind in kinds.items()}
    return _with_arguments(bare, Arguments(path=values))
