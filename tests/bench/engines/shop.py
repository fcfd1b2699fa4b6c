"""A small service with logins and uploads, which keeps account of all that it was sent."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.bench.on_thread import on_thread


class Shop(ThreadingHTTPServer):
    """Refuses a login that comes again, a look without the cookie of the login, and a photo of a stranger."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.logins: Counter[str] = Counter()
        self.opened = 0
        self.photos: list[tuple[str, bytes, bytes]] = []
        """Of whom, the type of the body, and the body."""
        self.looks: list[tuple[float, str]] = []
        """When, in seconds of the monotonic clock, and at whose items."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextmanager
def open_shop() -> Iterator[Shop]:
    """The service on a thread and a port of its own."""
    with on_thread(Shop()) as shop:
        yield shop


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Shop

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, status: int, content: object, more: str = "") -> None:
        body = json.dumps(content).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode()
        self.wfile.write(head + body)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def do_PUT(self) -> None:
        self._body()
        self.server.opened += 1
        self._answer(201, {})

    def do_GET(self) -> None:
        who = self.path.partition("?of=")[2]
        self.server.looks.append((time.monotonic(), who))
        is_known = self.headers["Cookie"] == f"user={who}" and who in self.server.logins
        self._answer(200 if who == "nobody" or is_known else 401, {"of": who})

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/login":
            (email,) = parse_qs(body.decode())["email"]
            self.server.logins[email] += 1
            status = 200 if self.server.logins[email] == 1 else 409
            self._answer(status, {"token": email}, f"Set-Cookie: user={email}\r\n")
        else:
            who = self.headers["Authorization"]
            self.server.photos.append((who, self.headers["Content-Type"].encode(), body))
            self._answer(201 if who in self.server.logins else 401, {})
