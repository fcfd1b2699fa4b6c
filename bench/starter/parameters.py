"""Values for the parameters of an operation, written as they stand in a path, a query and a header. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from bench.starter.validity import SchemaError, resolve
from bench.starter.values import draw, examples

_IGNORED_HEADERS = frozenset({"accept", "content-type"})
_SEPARATORS = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The values of an operation's parameters: by name for the path, else as `name=value`, all percent-encoded."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[str, ...] = ()


def arguments(item: Mapping[str, Any], entry: Mapping[str, Any], document: Mapping[str, Any]) -> Arguments:
    """A value for each parameter that is required or has an example; those of the path item count for all methods.

    Raises SchemaError for a parameter that no value can be drawn for.
    """
    path: dict[str, str] = {}
    query: list[str] = []
    headers: list[tuple[str, str]] = []
    cookies: list[str] = []
    for parameter in _parameters(item, entry, document):
        place, name = parameter["in"], parameter["name"]
        if place == "header" and name.lower() == "authorization":
            if parameter.get("required"):
                raise SchemaError("it needs authentication (the header Authorization)")
            continue
        if not _is_given(parameter) or (place == "header" and name.lower() in _IGNORED_HEADERS):
            continue
        value = _draw(parameter, document)
        if place == "path":
            path[name] = _in_path(value)
        elif place == "query":
            query += _in_query(parameter, value)
        elif place == "header":
            headers.append((name, _plain(value)))
        elif place == "cookie":
            cookies.append(f"{name}={_encoded(value)}")
    return Arguments(path=path, query=tuple(query), headers=tuple(headers), cookies=tuple(cookies))


def _parameters(
    item: Mapping[str, Any], entry: Mapping[str, Any], document: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for each in (*(item.get("parameters") or ()), *(entry.get("parameters") or ())):
        parameter = resolve(each["$ref"], document) if "$ref" in each else each
        if isinstance(parameter, Mapping):
            found[parameter["in"], parameter["name"]] = parameter
    return list(found.values())


def _is_given(parameter: Mapping[str, Any]) -> bool:
    schema = parameter.get("schema") or {}
    return bool(
        parameter.get("required")
        or parameter["in"] == "path"
        or any(True for _ in examples(parameter))
        or (isinstance(schema, Mapping) and any(True for _ in examples(schema)))
    )


def _draw(parameter: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    content = parameter.get("content")
    if content:
        media = next(iter(content.values()))
        return json.dumps(draw(media.get("schema", True), document), separators=(",", ":"))
    schema = parameter.get("schema", True)
    shown = list(examples(parameter))
    try:
        return draw({"allOf": [schema], "examples": shown} if shown else schema, document)
    except SchemaError as error:
        raise SchemaError(f"parameter {parameter['name']}: {error}") from None


def _in_path(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    text = ",".join(_encoded(part) for part in parts)
    if not text:
        raise SchemaError("a parameter of its path would be empty")
    return text


def _in_query(parameter: Mapping[str, Any], value: Any) -> list[str]:
    """A parameter of a query: lists and objects as its style and `explode` want them."""
    name, style = quote(parameter["name"], safe="[]"), parameter.get("style", "form")
    explode = parameter.get("explode", style in ("form", "deepObject"))
    if isinstance(value, dict):
        if style == "deepObject":
            return [f"{name}[{quote(key)}]={_encoded(part)}" for key, part in value.items()]
        if explode:
            return [f"{quote(key)}={_encoded(part)}" for key, part in value.items()]
        return [f"{name}={','.join(f'{quote(key)},{_encoded(part)}' for key, part in value.items())}"]
    if isinstance(value, list):
        if explode:
            return [f"{name}={_encoded(part)}" for part in value]
        return [f"{name}={_SEPARATORS.get(style, ',').join(_encoded(part) for part in value)}"]
    return [f"{name}={_encoded(value)}"]


def _encoded(value: Any) -> str:
    return quote(_plain(value), safe="")


def _plain(value: Any) -> str:
    """A value as text: JSON's words for what is no text already."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, separators=(",", ":"))
