"""Answers of HTTP/1.1 as bytes, read as cheaply as they can be.

A server without a `Date` header repeats the same header block to the byte, so a block that was parsed before is a
dictionary look-up; a new one is read by two regular expressions. httptools parses bodies that are chunked.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import httptools

from scenarios.decoding import DecodingError, decode
from scenarios.model import Response

_UNTIL_CLOSE, _CHUNKED = -1, -2
_HEADS_KEPT, _MOST_DIGITS = 2048, 15
_HEAD_LIMIT_BYTES, _BODY_LIMIT_BYTES = 256 * 1024, 256 << 20

_EMPTY_LINES = (b"\r\n", b"\n")
_STATUS_LINE = rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: [^\r\n\0]*+)?\r?\n"
_FIELD = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++:[^\r\n\0]*+(?:\r?\n[ \t][^\r\n\0]*+)*+\r?\n"
_HEAD = re.compile(_STATUS_LINE + rb"(?:" + _FIELD + rb")*+\r?\n")
_BEGINNING = re.compile(_STATUS_LINE)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_FRAMING = re.compile(
    rb"\n(content-length|transfer-encoding|connection|content-encoding|set-cookie|x-worker):[ \t]*([^\r\n]*)"
)
"""For lower case: to search in any case takes several times as long."""
_AFTER_THE_END = "bytes after the end of the answer"
_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class WireError(Exception):
    """The peer sent what cannot be read; the message is a fault such as `garbage: duplicate Content-Length`."""


def _garbage(reason: str) -> WireError:
    return WireError(f"garbage: {reason}")


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
    sets_cookies: bool


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
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not isinstance(error.__context__, Exception | None):  # an alarm, or Ctrl-C, in a callback
                raise error.__context__ from None
            raise _garbage(_AFTER_THE_END if self.complete else "broken chunk") from None


_heads: dict[bytes, _Head] = {}


def _read_heads(data: bytes, switches: bool) -> tuple[_Head | None, int]:
    """The head of the answer, after interim ones such as 100 Continue, and where it ends; None until it is whole.

    A 101 is an answer where the request asked to switch.
    """
    at = 0
    while True:
        if data.startswith(_EMPTY_LINES, at):  # one, as RFC 9112, section 2.2, has it
            at = data.index(b"\n", at) + 1
        end = _head_end(data, at)
        if not end:
            return None, at
        head = _head(data[at:end])
        if head is None:
            is_http = _BEGINNING.match(data, at)
            raise _garbage("broken header line" if is_http else "not an HTTP/1.1 response")
        at = end
        if head.status == 101 and not switches:
            raise _garbage("switch to another protocol")
        if head.status >= 200 or head.status == 101:
            return head, end


def _head(block: bytes) -> _Head | None:
    """The head that a block is, remembered; None where it is not one."""
    head = _heads.get(block)
    if head is None:
        parts = _HEAD.fullmatch(block)
        if parts is None:
            return None
        if len(_heads) >= _HEADS_KEPT:
            _heads.clear()
        head = _heads[block] = _read_head(block, int(parts[2]), parts[1] != b"0")
    return head


def _read_head(block: bytes, status: int, stays: bool) -> _Head:
    fields = _framing(block)
    if b"connection" in fields:
        options = _items(fields[b"connection"])
        stays = b"close" not in options and (stays or b"keep-alive" in options)
    worker = fields.get(b"x-worker", b"").strip()
    return _Head(
        status=status,
        length=0 if status < 200 or status in (204, 304) else _length(fields),
        keep_alive=stays,
        worker=int(worker) if worker.isdigit() and len(worker) < 10 else 0,
        block=block,
        codings=fields[b"content-encoding"].decode("latin-1") if b"content-encoding" in fields else "",
        sets_cookies=b"set-cookie" in fields,
    )


def _framing(block: bytes) -> dict[bytes, bytes]:
    """The header lines that say how to read an answer, in lower case; several of one name become a list."""
    lines = block.lower()
    if b"\n " in lines or b"\n\t" in lines:
        lines = _FOLD.sub(b" ", lines)
    found = _FRAMING.findall(lines)
    fields = dict(found)
    if len(fields) < len(found):
        fields = {name: b",".join(value for key, value in found if key == name) for name in fields}
    return fields


def _items(value: bytes) -> list[bytes]:
    return [item.strip() for item in value.split(b",")]


def _length(fields: dict[bytes, bytes]) -> int:
    """Bytes of the body, or how it ends: by RFC 9112, section 6.3, a transfer coding goes before a length."""
    coding = fields.get(b"transfer-encoding")
    if coding is not None:
        if coding.strip() != b"chunked":
            raise _garbage("unknown Transfer-Encoding")
        return _CHUNKED
    length = fields.get(b"content-length")
    if length is None:
        return _UNTIL_CLOSE
    if not length.isdigit():
        length = _one_of(_items(length))
    if len(length) > _MOST_DIGITS:
        raise _garbage("Content-Length is too large")
    return int(length)


def _one_of(lengths: list[bytes]) -> bytes:
    """The length that all of several lines name."""
    if not all(length.isdigit() for length in lengths):
        raise _garbage("Content-Length is not a number")
    if len(set(lengths)) > 1:
        raise _garbage("duplicate Content-Length")
    return lengths[0]


def _head_end(data: bytes, at: int) -> int:
    """The place after the empty line that ends a head, whose lines may end with LF alone; 0 where it is not there."""
    usual = data.find(b"\n\r\n", at) + 3
    bare = data.find(b"\n\n", at, usual - 1 if usual > 2 else len(data)) + 2
    return bare if bare > 1 else usual if usual > 2 else 0


class ResponseReader:
    """Reads the answers of one connection, one at a time (no pipelining).

    After `feed` or `eof` gave a response, `worker`, `keep_alive` and `sets_cookies` describe it. Both raise WireError.
    `open_ended` says, once its head is there, whether its end was not known ahead: chunks, or a body until the close.
    """

    __slots__ = (
        *("_chunks", "_head", "_pending", "_size"),
        *("keep_alive", "open_ended", "sets_cookies", "worker"),
    )
    is_alone = True
    """Whether the bytes of the last answer held nothing else, so that it may be known again by them."""
    switches = False
    """Whether a request asked to switch to another protocol, so that a 101 is its answer."""

    def __init__(self) -> None:
        self.worker = 0
        self.keep_alive = True
        self.sets_cookies = False
        self.open_ended = False
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
        return self._feed_head(data, bodyless) if self._head is None else self._feed_body(data)

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
        end = data.find(b"\r\n\r\n") + 4
        block = data[:end]
        head = _heads.get(block) or _head(block)
        if head is None or head.status < 200:  # interim, odd, or not whole
            head, end = _read_heads(data, self.switches)
            if head is None:
                self._wait_for_head(data, end)
                return None
        self.open_ended = head.length < 0 and not bodyless
        body = data[end:]
        if bodyless:
            return self._finish(head._replace(length=0), body)
        if head.length == len(body):
            return self._finish(head, body)
        self._head = head
        if head.length == _CHUNKED:
            self._chunks = _Chunks()
        return self._feed_body(body)

    def _wait_for_head(self, data: bytes, at: int) -> None:
        """Keep what has come so far, interim answers included, of which the head at this place is not whole."""
        begun = data[at : at + 7]
        if not b"HTTP/1.".startswith(begun) and begun != b"\r":
            raise _garbage("not an HTTP/1.1 response")
        self.open_ended = False
        if len(data) > _HEAD_LIMIT_BYTES:
            raise _garbage("head without end")
        if data:
            self._pending.append(data)

    def _feed_body(self, data: bytes) -> Response | None:
        head = self._head
        assert head is not None
        self._size += len(data)
        if self._size > _BODY_LIMIT_BYTES:
            raise _garbage(f"body over {_BODY_LIMIT_BYTES >> 20} MiB")
        if self._chunks is not None:
            self._chunks.feed(data)
            return self._finish(head, b"".join(self._chunks.pieces)) if self._chunks.complete else None
        self._pending.append(data)
        if head.length == _UNTIL_CLOSE or self._size < head.length:
            return None
        return self._finish(head, b"".join(self._pending))

    def _finish(self, head: _Head, body: bytes) -> Response:
        if head.length >= 0 and len(body) != head.length:
            raise _garbage(_AFTER_THE_END)
        self.worker = head.worker
        self.sets_cookies = head.sets_cookies
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
