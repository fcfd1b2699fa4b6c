"""The answers of a real server, and what becomes of the operations that meet them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.errors import ServerError
from bench.model.plan import Setup
from bench.serve.server import Server, serving
from bench.starter.operations import Operation
from bench.starter.rehearsal import find_health, try_operations
from bench.system.processes import Processes

SERVER = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

orders = []

class Handler(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, text, kind = 404, b"nothing  here", "text/plain; charset=utf-8"
        if self.path in ("/", "/ready"):
            status, text = 200, b"hello"
        elif self.path == "/echo":
            status, text, kind = 201, body, "application/json"
        elif self.path == "/form" and self.headers["Content-Type"] == "application/x-www-form-urlencoded":
            status, text, kind = 303, body, ""
        elif self.path == "/environment":
            import os
            status, text = 500, b"x" * 110 + os.environ.get("DB_PASSWORD", "").encode()
        elif self.path == "/once":
            status, text = (409, b"again") if orders else (201, b"")
            orders.append(1)
        elif self.path == "/turns":
            orders.append(1)
            status, text = 200 + len(orders) % 2, b""
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"half")
            return
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b"tick")
                time.sleep(0.01)
        elif self.path == "/die":
            import os
            os._exit(3)
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def server(tmp_path: Path, processes: Processes) -> Iterator[Server]:
    (tmp_path / "my_server.py").write_text(SERVER)
    command = ("python", "my_server.py", "{port}")
    setup = Setup("mine", "command", command=command, env={"DB_PASSWORD": "correct-horse"}, health="/health")
    with serving(setup, processes, cwd=tmp_path, ready=range(100, 600)) as running:
        yield running


def operation(method: str, path: str, **more: object) -> Operation:
    return Operation(name=path, method=method, path=path, target=path, **more)  # type: ignore[arg-type]


def test_the_first_path_that_answers_200_shows_that_it_is_ready(server: Server) -> None:
    assert find_health(server, ["/health", "/ready", "/"]) == "/ready"
    with pytest.raises(ServerError, match=r"/health \(404\), /ping \(404\)(?s:.*)--health"):
        find_health(server, ["/health", "/ping"])


def test_operations_learn_what_they_are_answered_with(server: Server) -> None:
    given = (
        operation("POST", "/echo", has_json=True, json={"a": 1}),
        operation("POST", "/form", form="a=1"),
        operation("GET", "/", content_type="application/json"),
        operation("GET", "/later", reason="it needs authentication"),
    )
    seen: list[str] = []
    echo, form, root, later = try_operations(server, given, lambda each: seen.append(each.path))
    assert seen == ["/", "/echo", "/form"]
    assert (echo.expect, echo.content_type, echo.reason) == (201, "application/json", "")
    assert (form.expect, form.content_type, form.reason) == (303, "", "")
    assert (root.expect, root.content_type) == (200, "text/plain")
    assert later == given[-1]


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", "/nothing", "answered 404: nothing here"),
        ("POST", "/once", "answered 409 when it was sent again: again"),
        ("POST", "/turns", "answered 201, and 200 when it was sent again"),
        ("GET", "/cut", "IncompleteRead"),
    ],
)
def test_operations_that_fail_get_the_reason(server: Server, method: str, path: str, words: str) -> None:
    (found,) = try_operations(server, [operation(method, path)], lambda _: None)
    assert words in found.reason


def test_a_reason_is_without_the_services_secrets(server: Server) -> None:
    """It will stand in a file; a part of a secret at its end would be one, too."""
    (found,) = try_operations(server, [operation("GET", "/environment")], lambda _: None)
    assert found.reason == f"answered 500: {'x' * 110}***"


def test_an_answer_that_never_ends_is_not_waited_for(server: Server) -> None:
    (found,) = try_operations(server, [operation("GET", "/endless")], lambda _: None, within_s=0.3)
    assert found.reason == "gave no complete answer within 0.3 s"


def test_a_server_that_ends_is_an_error(server: Server) -> None:
    with pytest.raises(ServerError, match="status 3"):
        try_operations(server, [operation("GET", "/die")], lambda _: None)
