"""The Python expression of a recorded request, with code in place of what is secret or comes from an answer. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode

from bench.starter.expressions import Call, Code, as_text, join, quoted
from bench.starter.recording.answers import Spot
from bench.starter.recording.concealment import grant_names, labelled_names
from bench.starter.recording.exchanges import Exchange, FormPart, plain_type
from bench.starter.recording.words import is_id
from bench.starter.scenario_file import type_check

_DEEPEST = 40
_NEVER_ENCODED = re.compile(r"[0-9a-z-]+|[0-9A-Fa-f-]+")
"""Values of a kind that needs no encoding: numbers, UUIDs, names of pages."""
_IN_PATH = "/:@!$&'()*+,;=~-._"
_EMPTY = frozenset({204, 205, 304})


class Resolver(Protocol):
    """Says what stands in place of a value: code, texts and code one after the other, or the value itself."""

    def text(self, value: str, spot: Spot) -> list[str | Code]: ...

    def number(self, value: int, spot: Spot) -> int | Code: ...

    def free_text(self, value: str) -> str: ...


@dataclass(frozen=True, slots=True)
class RequestText:
    """A request as an expression, and its label, such as `GET /items/{id}`."""

    call: Call
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """A body as an expression, the content type that it needs written, and what makes a request of it."""

    value: Any = b""
    content_type: str = ""
    maker: str = "Request"


def write_request(
    exchange: Exchange, headers: Sequence[tuple[str, str | Code]], resolver: Resolver
) -> RequestText:
    """A recorded request with these headers, which are resolved already; that of its body is added."""
    path, label = _path(exchange, resolver)
    query = _query(exchange.url.query, resolver)
    target = join([*path, *(["?", *query] if exchange.url.query else [])])
    body = _body(exchange, resolver)
    written = [*([("Content-Type", body.content_type)] if body.content_type else []), *headers]
    label = f"{exchange.method} {label}{_operation(exchange)}"
    words: dict[str, Any] = {}
    if isinstance(target, Code) or label != f"{exchange.method} {target.partition('?')[0]}":
        words["name"] = label
    words |= _expected(exchange)
    first = [exchange.method, target, *([body.value] if body.value != b"" else [])]
    if body.maker != "json_request":
        given = {"headers": tuple(written)} if written else {}
        return RequestText(Call(body.maker, first, given | words), label)
    call = Call("json_request", first, words)
    return RequestText(Call("with_headers", [call, tuple(written)]) if written else call, label)


def _expected(exchange: Exchange) -> dict[str, Any]:
    """The status and the content type of the recorded answer; a condition that is not sent finds what was not new."""
    answer = exchange.answer
    if answer is None:
        return {}
    status = 200 if answer.status == 304 else answer.status
    words: dict[str, Any] = {} if status == 200 else {"expect": status}
    if answer.content_type and answer.body and answer.status not in _EMPTY and exchange.method != "HEAD":
        words["check"] = type_check(answer.content_type)
    return words


# --- the target ----------------------------------------------------------------------------------


def _path(exchange: Exchange, resolver: Resolver) -> tuple[list[str | Code], str]:
    """The pieces of a path, and the path with `{id}` in place of what varies."""
    pieces: list[str | Code] = []
    shown: list[str] = []
    before: tuple[str, ...] = ()
    for number, part in enumerate((exchange.url.path or "/").split("/")):
        pieces += ["/"] if number else []
        found = resolver.text(unquote(part), Spot(kind="path", names=before))
        varies = any(isinstance(piece, Code) for piece in found)
        pieces += _encoded(found, part, _IN_PATH) if varies else [part]
        shown.append("{id}" if varies or is_id(part) else part)
        before = before if varies or is_id(part) or not part else (*before, part)
    return pieces, "/".join(shown)


def _query(query: str, resolver: Resolver) -> list[str | Code]:
    """The pieces of a query, which stays as it was written where nothing is put in place of its values."""
    pieces: list[str | Code] = []
    pairs = [pair.partition("=") for pair in query.split("&")]
    siblings = [unquote_plus(name) for name, _, _ in pairs]
    for number, (name, mark, value) in enumerate(pairs):
        own = siblings[number]
        spot = Spot(kind="query", names=(*grant_names(own, unquote_plus(value), siblings), own))
        found = resolver.text(unquote_plus(value), spot)
        varies = any(isinstance(piece, Code) for piece in found)
        pieces += ["&"] if number else []
        pieces += [name + mark, *(_encoded(found, value, "-._~") if varies else [value])]
    return pieces


def _encoded(pieces: list[str | Code], raw: str, safe: str) -> list[str | Code]:
    """Pieces of a value as they stand in a URL: code is encoded where its values may need it, as constants do."""
    is_plain = _NEVER_ENCODED.fullmatch(raw) is not None
    return [
        quote(piece, safe=safe) if isinstance(piece, str) else _quoting(piece, is_plain) for piece in pieces
    ]


def _quoting(code: Code, is_plain: bool) -> Code:
    if not code.text.isupper() and (is_plain or not code.is_text):
        return code
    return Code(f"quote({as_text(code).text}, safe='')")


def _operation(exchange: Exchange) -> str:
    """The name of a GraphQL operation, as all of them have one path."""
    document = _json(exchange.body) if b'"query"' in exchange.body else None
    name = document.get("operationName") if isinstance(document, Mapping) else None
    return f" {name}" if isinstance(name, str) and name.isidentifier() else ""


# --- the body ------------------------------------------------------------------------------------


def _body(exchange: Exchange, resolver: Resolver) -> _Body:
    kind = exchange.content_type
    if exchange.parts:
        return _Body(value=[_part(part, resolver) for part in exchange.parts], maker="multipart_request")
    if exchange.body_path:
        return _Body(value=_file(exchange.body_path), content_type=kind)
    if not exchange.body:
        return _Body(content_type=kind if exchange.method not in ("GET", "HEAD", "OPTIONS", "DELETE") else "")
    plain = plain_type(kind)
    document = _json(exchange.body)
    if isinstance(document, dict | list):
        data = _resolved(document, (), resolver)
        if plain == "application/json":
            return _Body(value=data, maker="json_request")
        return _Body(value=Call("json.dumps", [data], after=".encode()"), content_type=kind)
    if plain == "application/x-www-form-urlencoded" and (pairs := _form(exchange.body)) is not None:
        fields = _fields(pairs, resolver)
        given: Any = dict(fields) if len(dict(fields)) == len(fields) else fields
        return _Body(value=Call("urlencode", [given], after=".encode()"), content_type=kind)
    return _Body(value=_raw(exchange.body, resolver), content_type=kind)


def _fields(pairs: Sequence[tuple[str, str]], resolver: Resolver) -> list[tuple[str, str | Code]]:
    siblings = [name for name, _ in pairs]
    spots = (Spot(kind="body", names=(*grant_names(name, value, siblings), name)) for name, value in pairs)
    return [
        (name, join(resolver.text(value, spot))) for (name, value), spot in zip(pairs, spots, strict=True)
    ]


def _raw(body: bytes, resolver: Resolver) -> Any:
    try:
        text = resolver.free_text(body.decode("utf-8"))
    except UnicodeDecodeError:
        return body
    return text.encode() if text.isascii() else Code(f"{quoted(text)}.encode()")


def _json(body: bytes) -> Any:
    """The value of a JSON body; None where Python could not write the same again."""
    try:
        value = json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse)
        return value if _depth(value) <= _DEEPEST else None
    except (ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs) or any(part in (float("inf"), float("-inf")) for part in made.values()):
        raise ValueError
    return made


def _refuse(_: str) -> None:
    raise ValueError


def _depth(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(part) for part in parts), default=0)


def _resolved(value: Any, names: tuple[str, ...], resolver: Resolver) -> Any:
    """A JSON value with its texts and numbers resolved."""
    if isinstance(value, dict):
        also = labelled_names(value)
        return {
            resolver.free_text(key): _resolved(
                part,
                (*names, *(also if key == "value" else grant_names(key, part, value)), key),
                resolver,
            )
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_resolved(part, names, resolver) for part in value]
    spot = Spot(kind="body", names=names)
    if isinstance(value, str):
        return join(resolver.text(value, spot))
    if isinstance(value, int) and not isinstance(value, bool):
        return resolver.number(value, spot)
    return value


def _form(body: bytes) -> list[tuple[str, str]] | None:
    """The fields of a form; None for a text that only claims to be one."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return None
    return pairs if parse_qsl(urlencode(pairs), keep_blank_values=True) == pairs else None


def _part(part: FormPart, resolver: Resolver) -> Call:
    """A part of a form with files."""
    more: dict[str, Any] = {}
    if part.file_name:
        more["file_name"] = part.file_name
    if part.content_type:
        more["type"] = part.content_type
    return Call("FormField", [part.name, _content(part, resolver)], more)


def _content(part: FormPart, resolver: Resolver) -> Any:
    if part.path:
        return _file(part.path)
    try:
        text = join(resolver.text(part.content.decode("utf-8"), Spot(kind="body", names=(part.name,))))
    except UnicodeDecodeError:
        return part.content
    if isinstance(text, Code):
        return Code(f"{text.text}.encode()")
    return text.encode() if text.isascii() else Code(f"{quoted(text)}.encode()")


def _file(path: str) -> Call:
    return Call("read_upload", [path], after=".content")
