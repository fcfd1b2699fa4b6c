"""HTTP/1.1 as bytes: a request written once, a response read as cheaply as it can be.

A server without a `Date` header repeats the same header block to the byte, so a block that was parsed before is a
dictionary look-up; a new one is read by two regular expressions. httptools parses bodies that are chunked.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import httptools

from scenarios.decoding import DecodingError, decode
from scenarios.model import Request, Response

_UNTIL_CLOSE = -1
_CHUNKED = -2
_HEADS_KEPT = 2048
_HEAD_LIMIT_BYTES = 256 * 1024
_MOST_DIGITS = 15

_EMPTY_LINES = (b"\r\n", b"\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: [^\r\n\0]*)?\r?\n")
_FIELDS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[^\r\n\0]*+(?:\r?\n[ \t][^\r\n\0]*+)*+\r?\n)*+\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_FRAMING = re.compile(
    rb"\n(content-length|transfer-encoding|connection|content-encoding|x-worker):[ \t]*([^\r\n]*)",
    re.IGNORECASE,
)
_AFTER_THE_END = "bytes after the end of the answer"
_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class WireError(Exception):
    """The peer sent what cannot be read; the message is a fault such as `garbage: duplicate Content-Length`."""


def _garbage(reason: str) -> WireError:
    return WireError(f"garbage: {reason}")


def encode(request: Request, host: str, prefix: str = "") -> bytes:
    """The request as it goes over the wire; `prefix` goes before its path.

    A Host line of the request's own stands in place of `host`, and its own framing in place of a Content-Length.
    """
    own = {name.lower() for name, _ in request.headers}
    lines = [f"{request.method} {prefix}{request.path} HTTP/1.1"]
    if "host" not in own:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in request.headers]
    has_body = request.body or request.method in ("POST", "PUT", "PATCH")
    if has_body and "content-length" not in own and "transfer-encoding" not in own:
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


class _Head(NamedTuple):
    status: int
    length: int
    """Bytes of the body, or _UNTIL_CLOSE, or _CHUNKED."""
    keep_alive: bool
    """Whether the server means to keep the connection; a body that ends with it leaves none to keep."""
    worker: int
    block: bytes
    codings: str
    """The Content-Encoding, empty where the body comes as it is."""


class _Chunks:
    """Collects the chunks of one body; it is what an httptools parser calls."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.complete = False
        self._parser = httptools.HttpResponseParser(self)
        self._parser.feed_data(_CHUNKED_HEAD)

    def on_message_begin(self) -> None:
        if self.complete:
            raise WireError

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.complete = True

    def feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            raise _garbage(_AFTER_THE_END if self.complete else "broken chunk") from None


_heads: dict[bytes, _Head] = {}


def _head(block: bytes) -> _Head:
    head = _heads.get(block)
    if head is None:
        if len(_heads) >= _HEADS_KEPT:
            _heads.clear()
        head = _heads[block] = _parse_head(block)
    return head


def _parse_head(block: bytes) -> _Head:
    line = _STATUS_LINE.match(block)
    if line is None:
        raise _garbage("not an HTTP/1.1 response")
    if _FIELDS.fullmatch(block, line.end()) is None:
        raise _garbage("broken header line")
    status = int(line[2])
    if status == 101:
        raise _garbage("switch to another protocol")
    fields: dict[bytes, list[bytes]] = {}
    for name, value in _FRAMING.findall(_FOLD.sub(b" ", block)):
        fields.setdefault(name.lower(), []).append(value.strip().lower())
    options = _items(fields.get(b"connection"))
    worker = b"".join(fields.get(b"x-worker", ()))
    return _Head(
        status=status,
        length=0 if status < 200 or status in (204, 304) else _length(fields),
        keep_alive=b"close" not in options and (b"keep-alive" in options or line[1] != b"0"),
        worker=int(worker) if worker.isdigit() and len(worker) < 10 else 0,
        block=block,
        codings=b",".join(fields.get(b"content-encoding", ())).decode("latin-1"),
    )


def _items(values: list[bytes] | None) -> list[bytes]:
    """The items of a header that is a list, over all of its lines."""
    return [item.strip() for value in values or () for item in value.split(b",")]


def _length(fields: dict[bytes, list[bytes]]) -> int:
    """Bytes of the body, or how it ends: by RFC 9112, section 6.3, a transfer coding goes before a length."""
    if b"transfer-encoding" in fields:
        if _items(fields[b"transfer-encoding"]) != [b"chunked"]:
            raise _garbage("unknown Transfer-Encoding")
        return _CHUNKED
    lengths = _items(fields.get(b"content-length"))
    if not lengths:
        return _UNTIL_CLOSE
    if not all(length.isdigit() for length in lengths):
        raise _garbage("Content-Length is not a number")
    if len(set(lengths)) > 1:
        raise _garbage("duplicate Content-Length")
    if len(lengths[0]) > _MOST_DIGITS:
        raise _garbage("Content-Length is too large")
    return int(lengths[0])


def _head_end(data: bytes) -> int:
    """The place after the empty line that ends a head, whose lines may end with LF alone; 0 where it is not there."""
    usual = data.find(b"\n\r\n") + 3
    bare = data.find(b"\n\n", 0, usual - 1 if usual > 2 else len(data)) + 2
    return bare if bare > 1 else usual if usual > 2 else 0


class ResponseReader:
    """Reads the answers of one connection, one at a time (no pipelining).

    After `feed` or `eof` gave a response, `worker` and `keep_alive` describe it. Both raise WireError.
    """

    __slots__ = ("_chunks", "_head", "_pending", "_size", "keep_alive", "worker")

    def __init__(self) -> None:
        self.worker = 0
        self.keep_alive = True
        self._reset()

    def _reset(self) -> None:
        self._head: _Head | None = None
        self._pending: list[bytes] = []
        self._size = 0
        self._chunks: _Chunks | None = None

    @property
    def started(self) -> bool:
        """Whether a part of an answer has arrived."""
        return self._head is not None or bool(self._pending)

    def feed(self, data: bytes, bodyless: bool = False) -> Response | None:
        """Take bytes as they arrive; gives the response once it is whole. `bodyless` is for answers to HEAD."""
        if self._head is None:
            return self._feed_head(data, bodyless)
        return self._feed_body(data)

    def eof(self) -> Response | None:
        """The peer closed: gives the response whose body ends there, if there is one."""
        head = self._head
        if head is None or head.length != _UNTIL_CLOSE:
            return None
        return self._finish(head, b"".join(self._pending))

    def _feed_head(self, data: bytes, bodyless: bool) -> Response | None:
        if self._pending:
            data = b"".join((*self._pending, data))
            self._pending.clear()
        body = data
        while True:
            if body.startswith(_EMPTY_LINES):  # one, as RFC 9112, section 2.2, has it
                body = body[body.index(b"\n") + 1 :]
            end = _head_end(body)
            if not end:
                self._wait_for_head(data, body)
                return None
            head = _head(body[:end])
            body = body[end:]
            if head.status >= 200:
                break  # otherwise it was an interim answer such as 100 Continue
        if bodyless:
            return self._finish(head._replace(length=0), body)
        if head.length == len(body):
            return self._finish(head, body)
        self._head = head
        if head.length == _CHUNKED:
            self._chunks = _Chunks()
        return self._feed_body(body)

    def _wait_for_head(self, data: bytes, begun: bytes) -> None:
        """Keep what has come so far, interim answers included, of which `begun` is the head that is not whole."""
        if not b"HTTP/1.".startswith(begun[:7]) and begun != b"\r":
            raise _garbage("not an HTTP/1.1 response")
        if len(data) > _HEAD_LIMIT_BYTES:
            raise _garbage("head without end")
        if data:
            self._pending.append(data)

    def _feed_body(self, data: bytes) -> Response | None:
        head = self._head
        assert head is not None
        if self._chunks is not None:
            self._chunks.feed(data)
            return self._finish(head, b"".join(self._chunks.pieces)) if self._chunks.complete else None
        self._pending.append(data)
        self._size += len(data)
        if head.length == _UNTIL_CLOSE or self._size < head.length:
            return None
        return self._finish(head, b"".join(self._pending))

    def _finish(self, head: _Head, body: bytes) -> Response:
        if head.length >= 0 and len(body) != head.length:
            raise _garbage(_AFTER_THE_END)
        self.worker = head.worker
        self.keep_alive = head.keep_alive and head.length != _UNTIL_CLOSE
        if self._head is not None:
            self._reset()
        if head.codings and body:
            body = _decode(body, head.codings)
        return Response(head.status, body, head.block)


def _decode(body: bytes, codings: str) -> bytes:
    try:
        return decode(body, codings)
    except DecodingError as error:
        raise WireError(str(error)) from None
