"""Requests of HTTP/1.1 as those of HTTP/2: fields in lower case, without what belongs to one connection."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import httptools

Fields = tuple[tuple[bytes, bytes], ...]

_REQUESTS_KEPT = 1024
_KEPT_BYTES = 16 * 1024
_HOP_BY_HOP = frozenset(
    (b"connection", b"http2-settings", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade")
)
"""Fields that RFC 9113, section 8.2.2, forbids."""
_CHUNKED_HEAD = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


class Http2Request(NamedTuple):
    """A request as HTTP/2 has it."""

    fields: Fields
    """The pseudo-header fields first, all but `:scheme`."""
    body: bytes
    is_head: bool
    closes: bool
    """Whether the client wants no other answer on this connection."""


def read_request(wire: bytes) -> Http2Request | None:
    """A request of HTTP/1.1; None until all of it is there. Small ones are read once.

    Raises ValueError where its own framing is not that of its body, and for the handshake of a WebSocket.
    """
    return _read(wire) if len(wire) > _KEPT_BYTES else _read_and_keep(wire)


def _read(wire: bytes) -> Http2Request | None:
    head, end, body = wire.partition(b"\r\n\r\n")
    if not end:
        return None
    line, *lines = head.split(b"\r\n")
    method, _, target = line.rpartition(b" ")[0].partition(b" ")
    pairs = [
        (name.strip().lower(), value.strip()) for name, _, value in (one.partition(b":") for one in lines)
    ]
    given = dict(pairs)
    if given.get(b"upgrade", b"").lower() == b"websocket":
        raise ValueError("no WebSocket over HTTP/2; take a setup without http2")
    whole = _whole_body(given, body)
    if whole is None:
        return None
    options = {one.strip().lower() for one in given.get(b"connection", b"").split(b",")}
    dropped = _HOP_BY_HOP | options | {b"host"}
    if given.get(b"te", b"").lower() != b"trailers":
        dropped |= {b"te"}
    return Http2Request(
        fields=(
            (b":method", method),
            (b":authority", given.get(b"host", b"")),
            (b":path", target),
            *(pair for pair in pairs if pair[0] not in dropped),
        ),
        body=whole,
        is_head=method == b"HEAD",
        closes=b"close" in options,
    )


_read_and_keep = lru_cache(_REQUESTS_KEPT)(_read)


def _whole_body(given: dict[bytes, bytes], rest: bytes) -> bytes | None:
    """The body of a request, without chunks; None until all of it is there."""
    if b"transfer-encoding" in given:
        return _joined_chunks(rest)
    length = given.get(b"content-length", b"0")
    if not length.isdigit() or len(rest) > int(length):
        raise ValueError("the request's own Content-Length is not that of its body")
    return rest if len(rest) == int(length) else None


class _Chunks:
    """Collects the chunks of a request; it is what an httptools parser calls."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.is_complete = False

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.is_complete = True


def _joined_chunks(rest: bytes) -> bytes | None:
    chunks = _Chunks()
    try:
        httptools.HttpRequestParser(chunks).feed_data(_CHUNKED_HEAD + rest)
    except httptools.HttpParserError:
        raise ValueError("the request's own chunks are broken") from None
    return b"".join(chunks.pieces) if chunks.is_complete else None
