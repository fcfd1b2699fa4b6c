"""Requests as bytes: of HTTP/1.1, and the messages of WebSockets."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from bench.engines.messages import frame
from scenarios.model import Request
from scenarios.websocket import MESSAGES

_LINES_KEPT = 1024
_FRAMING_NAMES = ("content-length", "transfer-encoding")


def encode(request: Request, host: str, prefix: str = "") -> bytes:
    """The request as it goes over the wire; `prefix` goes before its path.

    A Host line of the request's own stands in place of `host`, and its own framing in place of a Content-Length. A step
    over an open WebSocket is a frame.
    """
    if request.method in MESSAGES:
        return frame(request)
    own = _own_lines(request.headers)
    lines = own.text if own.has_host else f"Host: {host}\r\n{own.text}"
    if not own.has_framing and (request.body or request.method in ("POST", "PUT", "PATCH")):
        lines += f"Content-Length: {len(request.body)}\r\n"
    head = f"{request.method} {prefix}{request.path} HTTP/1.1\r\n{lines}\r\n"
    return head.encode("latin-1") + request.body


class _OwnLines(NamedTuple):
    text: str
    has_host: bool
    has_framing: bool


@lru_cache(_LINES_KEPT)
def _own_lines(headers: tuple[tuple[str, str], ...]) -> _OwnLines:
    """The header lines of a request's own, which many requests have in common."""
    names = {name.lower() for name, _ in headers}
    text = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return _OwnLines(text, "host" in names, not names.isdisjoint(_FRAMING_NAMES))
