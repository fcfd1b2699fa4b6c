"""HTTP/1.1 as bytes: a request written once, a response read as cheaply as it can be.

A server without a `Date` header repeats the same header block to the byte, so a block that was parsed before is a
dictionary look-up; httptools parses the ones that are new, and every body that is chunked.
"""

from __future__ import annotations

from typing import NamedTuple

import httptools

from scenarios.model import Request, Response

_UNTIL_CLOSE = -1
_CHUNKED = -2
_HEADS_KEPT = 2048
_HEAD_LIMIT_BYTES = 256 * 1024


class WireError(Exception):
    """The peer sent something that is not an HTTP/1.1 response."""


def encode(request: Request, host: str, prefix: str = "") -> bytes:
    """The request as it goes over the wire; `prefix` goes before its path."""
    lines = [f"{request.method} {prefix}{request.path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.body or request.method in ("POST", "PUT", "PATCH"):
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


class _Parser:
    """Callbacks for one httptools parser: collects what a response is made of."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.headers: dict[bytes, bytes] = {}
        self.pieces: list[bytes] = []
        self.complete = False

    def on_message_begin(self) -> None:
        if self.complete:
            raise WireError("a second answer in the wake of the first")

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self.headers[name] = self.headers[name] + b"," + value if name in self.headers else value

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.complete = True

    def feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise WireError(str(error)) from None


_heads: dict[bytes, _Head] = {}


def _head(block: bytes) -> _Head:
    head = _heads.get(block)
    if head is None:
        if len(_heads) >= _HEADS_KEPT:
            _heads.clear()
        head = _heads[block] = _parse_head(block)
    return head


def _parse_head(block: bytes) -> _Head:
    parsed = _Parser()
    parsed.feed(block)
    status = parsed.parser.get_status_code()
    if status < 100 or not block.startswith(b"HTTP/1."):
        raise WireError("not an HTTP/1.1 response")
    headers = parsed.headers
    if status < 200 or status in (204, 304):
        length = 0
    elif b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        length = _CHUNKED
    else:
        length = int(headers.get(b"content-length", _UNTIL_CLOSE))
    options = {option.strip() for option in headers.get(b"connection", b"").lower().split(b",")}
    worker = headers.get(b"x-worker", b"")
    return _Head(
        status=status,
        length=length,
        keep_alive=b"close" not in options
        and (b"keep-alive" in options or not block.startswith(b"HTTP/1.0")),
        worker=int(worker) if worker.isdigit() and len(worker) < 10 else 0,
        block=block,
    )


class ResponseReader:
    """Reads the answers of one connection, one at a time (no pipelining).

    After `feed` or `eof` gave a response, `worker` and `keep_alive` describe it. Raises WireError on garbage.
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
        self._chunks: _Parser | None = None

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
            end = body.find(b"\r\n\r\n") + 4
            if end == 3:
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
            self._chunks = _Parser()
            self._chunks.feed(head.block)
        return self._feed_body(body)

    def _wait_for_head(self, data: bytes, begun: bytes) -> None:
        """Keep what has come so far, interim answers included, of which `begun` is the head that is not whole."""
        if not b"HTTP/1.".startswith(begun[:7]) or len(data) > _HEAD_LIMIT_BYTES:
            raise WireError("not an HTTP/1.1 response")
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
            raise WireError(f"{len(body) - head.length} bytes after the end of the answer")
        self.worker = head.worker
        self.keep_alive = head.keep_alive and head.length != _UNTIL_CLOSE
        if self._head is not None:
            self._reset()
        return Response(head.status, body, head.block)
