"""A shop that gives new ids and tokens to each session, and a browser that writes down what it exchanged as HAR."""

from __future__ import annotations

import http.client
import itertools
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scenarios.model import Request, Response, Scenario
from tests.bench.on_thread import on_thread

PASSWORD = "correct horse battery"
NONE: Mapping[str, str] = {}
_JSON = "application/json"


class Shop(ThreadingHTTPServer):
    """Knows who is logged in, and the orders of each; wrong ids and tokens are refused."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.numbers = itertools.count(101)
        self.tokens: set[str] = set()
        self.orders: set[int] = set()
        self.uploads: dict[str, bytes] = {}
        self.seen: list[str] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Shop

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            nonce = secrets.token_hex(12)
            self.server.tokens.add(nonce)
            page = f'<form><input type="hidden" name="csrf_token" value="{nonce}"></form>'
            self._answer(200, page.encode(), "text/html; charset=utf-8")
        elif path == "/style.css":
            self._answer(200, b"body {}", "text/css")
        elif path == "/items":
            self._json(200, {"items": [{"id": number, "name": f"item {number}"} for number in (7, 8)]})
        elif path.startswith("/orders/") and self._is_known():
            number = int(path.rpartition("/")[2])
            found = number in self.server.orders
            self._json(200 if found else 404, {"id": number, "state": "new"})
        else:
            self._json(403, {"error": "no"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        handle = {"/login": self._login, "/orders": self._order, "/form": self._form, "/upload": self._upload}
        handle[urlsplit(self.path).path](body)

    def do_DELETE(self) -> None:
        number = int(self.path.rpartition("/")[2])
        if self._is_known() and number in self.server.orders:
            self.server.orders.remove(number)
            self._answer(204, b"", "")
        else:
            self._json(404, {"error": "no such order"})

    def _login(self, body: bytes) -> None:
        given = json.loads(body)
        if given["password"] != PASSWORD:
            self._json(401, {"error": "wrong password"})
            return
        token = secrets.token_urlsafe(24)
        self.server.tokens.add(token)
        self._json(200, {"data": {"access_token": token, "user": {"email": given["email"]}}})

    def _order(self, body: bytes) -> None:
        if not self._is_known() or json.loads(body)["item_id"] not in (7, 8):
            self._json(403, {"error": "no"})
            return
        number = next(self.server.numbers)
        self.server.orders.add(number)
        self._json(201, {"id": number}, ("Location", f"/orders/{number}"))

    def _form(self, body: bytes) -> None:
        fields = parse_qs(body.decode())
        known = fields["csrf_token"][0] in self.server.tokens
        self._answer(303 if known else 403, b"", "", ("Location", "/items"))

    def _upload(self, body: bytes) -> None:
        message = Message()
        message["Content-Type"] = self.headers["Content-Type"]
        boundary = str(message.get_param("boundary")).encode()
        for piece in body.split(b"--" + boundary)[1:-1]:
            head, _, content = piece.partition(b"\r\n\r\n")
            self.server.uploads[head.decode().partition('name="')[2].partition('"')[0]] = content[:-2]
        self._json(200, {"stored": len(self.server.uploads)})

    def _is_known(self) -> bool:
        self.server.seen.append(str(self.headers))
        return self.headers.get("Authorization", "").removeprefix("Bearer ") in self.server.tokens

    def _json(self, status: int, value: object, *headers: tuple[str, str]) -> None:
        self._answer(status, json.dumps(value).encode(), _JSON, *headers)

    def _answer(self, status: int, body: bytes, kind: str, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*([("Content-Type", kind)] if kind else []), *headers):
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def open_shop() -> Iterator[Shop]:
    """A shop that is open for the time of a test."""
    with on_thread(Shop()) as shop:
        yield shop


class Browser:
    """Sends requests to a shop, and keeps each exchange as an entry of a HAR file."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.entries: list[dict[str, Any]] = []

    def send(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = NONE) -> Any:
        """Exchange a request and its answer; gives the body, read as JSON where it is that."""
        sent = {
            "User-Agent": "Browser/1",
            "Accept": "*/*",
            **headers,
        }
        began, clock = datetime.now(UTC), time.perf_counter()
        status, answered, text = exchange(self._shop, Request(method, path, body, tuple(sent.items())))
        kind = dict(answered).get("Content-Type", "")
        request: dict[str, Any] = {
            "method": method,
            "url": self._shop.origin + path,
            "headers": _listed(sent.items()),
        }
        if body:
            request["postData"] = {"mimeType": headers.get("Content-Type", ""), "text": body.decode()}
        content = {"mimeType": kind, "text": text.decode(), "size": len(text)}
        self.entries.append(
            {
                "startedDateTime": began.isoformat(),
                "time": (time.perf_counter() - clock) * 1e3,
                "request": request,
                "response": {"status": status, "headers": _listed(answered), "content": content},
            }
        )
        return json.loads(text) if kind == _JSON else text.decode()

    def har(self) -> dict[str, Any]:
        """What was exchanged, as the content of a HAR file."""
        return {
            "log": {"version": "1.2", "creator": {"name": "tests", "version": "1"}, "entries": self.entries}
        }


def exchange(shop: Shop, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
    """Send a request to a shop."""
    connection = http.client.HTTPConnection("127.0.0.1", shop.server_address[1], timeout=10)
    try:
        connection.request(request.method, request.path, request.body or None, dict(request.headers))
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()


def session(shop: Shop, scenario: Scenario) -> list[tuple[str, str | None]]:
    """Drive one session of a scenario; gives the label and the fault of each request."""

    def send(request: Request) -> Response:
        status, headers, body = exchange(shop, request)
        head = "\r\n".join(["HTTP/1.1", *(f"{name}: {value}" for name, value in headers)])
        return Response(status, body, head.encode("latin-1"))

    flow = scenario.flow(Random(0))
    seen: list[tuple[str, str | None]] = []
    request = next(flow, None)
    while isinstance(request, Request):
        answer = send(request)
        seen.append((request.label, request.fault(answer)))
        try:
            request = flow.send(answer)
        except StopIteration:
            return seen
    return seen


def _listed(headers: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]
