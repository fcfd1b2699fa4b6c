"""What a recording or a schema is read from, and how its kind is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bench.errors import UsageError
from bench.starter.recording.exchanges import Traffic
from bench.starter.recording.sources import Described, read_source, understand
from tests.bench.on_thread import on_thread

SCHEMA = {
    "openapi": "3.1.0",
    "info": {"title": "Shop"},
    "servers": [{"url": "https://shop.test/{version}/", "variables": {"version": {"default": "v1"}}}],
    "paths": {"/items": {"get": {"responses": {"200": {"content": {"application/json": {}}}}}, "delete": {}}},
}
HAR = {
    "log": {"entries": [{"request": {"method": "GET", "url": "http://a.test/"}, "response": {"status": 200}}]}
}


@pytest.mark.parametrize("mark", ["", "\ufeff", "\n "])
def test_a_text_is_of_the_kind_that_it_looks_like(mark: str) -> None:
    for text in (
        json.dumps(HAR),
        "curl http://a.test/",
        "$ curl http://a.test/ \\\n  -s",
        "# a comment\ncurl http://a.test",
    ):
        found = understand(mark + text)
        assert isinstance(found, Traffic)
        assert len(found.exchanges) == 1
    described = understand(mark + json.dumps(SCHEMA))
    assert isinstance(described, Described)
    assert described.title == "Shop"
    assert [(each.target, each.is_callable) for each in described.operations] == [
        ("/v1/items", True),
        ("/v1/items", False),
    ]


@pytest.mark.parametrize(
    ("servers", "target"),
    [
        (None, "/items"),
        ([], "/items"),
        ([{"url": "/api"}], "/api/items"),
        ([{"url": "https://a.test"}], "/items"),
        ([{"url": "http://[/x"}], "/items"),
        ([7], "/items"),
    ],
)
def test_paths_begin_with_that_of_the_first_server(servers: Any, target: str) -> None:
    found = understand(json.dumps(SCHEMA | {"servers": servers}))
    assert isinstance(found, Described)
    assert found.operations[0].target == target


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("hello", "curl"),
        ("openapi: 3.0.0\npaths: {}", "YAML"),
        ('{"log": ', "JSON"),
        ("[" * 100_000, "JSON"),
        ("[]", "neither"),
        ("{}", "neither"),
        ('{"swagger": "2.0"}', "Swagger"),
        ('{"info": {}, "item": []}', "Postman"),
        ('{"openapi": "3.0.0"}', "paths"),
        ('{"openapi": "3.0.0", "paths": []}', "paths"),
        ('{"log": {}}', "entries"),
        ("curl 'http://a.test", "quote"),
    ],
)
def test_another_text_is_refused_in_a_sentence(text: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "given.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match=word) as refused:
        read_source(str(path))
    assert str(refused.value).startswith(str(path))


def test_a_file_that_is_not_there_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UsageError, match=path.name):
            read_source(str(path))


@contextmanager
def serving(status: int, body: bytes, location: str = "") -> Iterator[str]:
    """A server with one answer; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with on_thread(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/openapi.json"


def test_a_schema_is_fetched_from_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(200, json.dumps(SCHEMA).encode()) as address:
        assert isinstance(read_source(address), Described)


@pytest.mark.parametrize(("status", "location"), [(404, ""), (302, "http://example.com/"), (500, "")])
def test_another_answer_is_refused(status: int, location: str) -> None:
    with serving(status, b"", location) as address, pytest.raises(UsageError, match="cannot be fetched"):
        read_source(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/openapi.json",
        "https://10.0.0.1/x",
        "ftp://localhost.test/x",
        "http://[/x",
        "file://localhost/etc/hosts",
    ],
)
def test_nothing_is_fetched_from_another_machine(address: str) -> None:
    with pytest.raises(UsageError, match=r"this machine|URL|http"):
        read_source(address)
