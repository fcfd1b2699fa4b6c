"""HAR files, as browsers and proxies write them: version 1.2 with its usual gaps. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from bench.errors import UsageError
from bench.starter.recording.exchanges import (
    METHOD,
    Answer,
    Exchange,
    FormPart,
    Omission,
    Pairs,
    Traffic,
    find,
    parse_url,
    plain_type,
)
from bench.starter.recording.multipart import parse_parts

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class _UnusableError(Exception):
    """An entry cannot be part of a scenario."""

    reason: str


def read_har(document: Mapping[str, Any]) -> Traffic:
    """The exchanges of a HAR file in the order of their times. Raises UsageError for a file without entries."""
    log = _mapping(document.get("log"))
    entries = log.get("entries")
    if not isinstance(entries, list) or not entries:
        raise UsageError(
            "the HAR file holds no entries; record some requests with the network tab open, and save again"
        )
    found: list[Exchange] = []
    left_out: list[Omission] = []
    for number, entry in enumerate(entries, 1):
        try:
            found.append(_exchange(_mapping(entry), number))
        except (_UnusableError, UsageError) as error:
            reason = error.reason if isinstance(error, _UnusableError) else str(error)
            left_out.append(Omission(f"entry {number}", reason))
    if all(each.began_s is not None for each in found):
        found.sort(key=lambda each: each.began_s or 0.0)
    return Traffic(kind="a HAR file", exchanges=tuple(found), left_out=tuple(left_out))


def _exchange(entry: Mapping[str, Any], number: int) -> Exchange:
    """An entry as an exchange. Raises _UnusableError, and UsageError for its URL."""
    request, response = _mapping(entry.get("request")), _mapping(entry.get("response"))
    address, method = _text(request.get("url")), _text(request.get("method")).upper()
    if _text(entry.get("_resourceType")) == "websocket" or address.startswith(("ws:", "wss:")):
        raise _UnusableError("it is a WebSocket")
    if not METHOD.fullmatch(method):
        raise _UnusableError(f"its method is {method or 'empty'}")
    status = response.get("status")
    if not isinstance(status, int) or status < 100:
        raise _UnusableError("it got no answer")
    if status == 101:
        raise _UnusableError("it is a WebSocket")
    if _text(entry.get("_fromCache")) or _text(response.get("_fromCache")):
        raise _UnusableError("the browser answered it from its cache")
    bare = Exchange(
        where=f"entry {number}",
        method=method,
        url=parse_url(address),
        headers=_pairs(request.get("headers")),
        answer=_answer(response, status),
        began_s=_seconds(entry.get("startedDateTime")),
        took_s=max(0.0, _number(entry.get("time")) / 1000.0),
    )
    if bare.answer and bare.answer.content_type == "text/event-stream":
        raise _UnusableError("its answer is a stream of events, which has no end to wait for")
    return _with_body(bare, request)


def _answer(response: Mapping[str, Any], status: int) -> Answer:
    content = _mapping(response.get("content"))
    headers = _pairs(response.get("headers"))
    kind = _text(content.get("mimeType"))
    if kind and not find(headers, "content-type") and kind != "x-unknown":
        headers = (*headers, ("Content-Type", kind))
    return Answer(status=status, headers=headers, body=_bytes(content))


def _with_body(exchange: Exchange, request: Mapping[str, Any]) -> Exchange:
    """The exchange with what `postData` says. Raises _UnusableError where the recording does not hold a body."""
    posted = _mapping(request.get("postData"))
    body, kind = _bytes(posted), exchange.content_type or _text(posted.get("mimeType"))
    params = [_mapping(each) for each in _list(posted.get("params"))]
    if kind and not exchange.content_type:
        exchange = replace(exchange, headers=(*exchange.headers, ("Content-Type", kind)))
    if plain_type(kind) == "multipart/form-data":
        parts = parse_parts(body, kind) or tuple(_part(each) for each in params)
        if not parts:
            raise _UnusableError("the recording does not hold its body")
        return replace(exchange, parts=parts)
    if not body and params and plain_type(kind) == _FORM:
        body = urlencode([(_text(each.get("name")), _text(each.get("value"))) for each in params]).encode()
    if not body and _number(request.get("bodySize")) > 0:
        raise _UnusableError("the recording does not hold its body")
    return replace(exchange, body=body)


def _part(param: Mapping[str, Any]) -> FormPart:
    name, file_name = _text(param.get("name")), _text(param.get("fileName"))
    kind, value = _text(param.get("contentType")), _text(param.get("value")).encode()
    path = file_name if not value else ""
    return FormPart(name=name, content=value, file_name=file_name, content_type=kind, path=path)


def _bytes(holder: Mapping[str, Any]) -> bytes:
    text = _text(holder.get("text"))
    if _text(holder.get("encoding")).lower() == "base64":
        try:
            return base64.b64decode(text)
        except (binascii.Error, ValueError):
            return b""
    return text.encode("utf-8", errors="surrogatepass")


def _seconds(text: Any) -> float | None:
    """A time of ISO 8601 in seconds since the epoch; one without a zone is taken for UTC."""
    try:
        moment = datetime.fromisoformat(_text(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


# --- values of any kind --------------------------------------------------------------------------


def _pairs(headers: Any) -> Pairs:
    """Headers without those that HTTP/2 makes of the request line."""
    found = ((_text(each.get("name")), _text(each.get("value"))) for each in _mappings(headers))
    return tuple((name, value) for name, value in found if name and not name.startswith(":"))


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    return (_mapping(each) for each in _list(value))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
