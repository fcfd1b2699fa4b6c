"""Headers and bodies that no client would send and no schema has: nothing is a 5xx, nothing is undocumented."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi.testclient import TestClient

from target_app.main import create_app
from target_app.routers.bench import background, io
from tests.conftest import FreshDatabase
from tests.target_app.conftest import sqlite_url
from tests.target_app.settings import settings_of
from tests.target_app.test_auth import new_user

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
"""For each operation, of headers and of bodies."""
FEATURES = {"cache": "memory", "compression": "auto", "rate_limit": "memory", "request_log": True}
OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in create_app(settings_of(bench=True, **FEATURES)).openapi()["paths"].items()
    for method, operation in operations.items()
]
NAMES = [f"{method} {path}" for method, path, _ in OPERATIONS]
HEADERS = (
    *("Accept", "Accept-Encoding", "Authorization", "Cookie", "Expect", "Forwarded", "Host", "If-Match"),
    *("If-Modified-Since", "If-None-Match", "Origin", "Range", "Traceparent", "X-API-Key", "X-Forwarded-For"),
    *("X-Forwarded-Proto", "X-Http-Method-Override", "X-Request-ID", "Content-Encoding", "Content-Type"),
)
VALUES = (
    *(b"", b" ", b"*", b",,,;q=", b'"', b'W/"', b"\xff\xfe", b"a" * 6000, b"\t\x0b\x7f", b"=?utf-8?b?/w==?="),
    *(b"Bearer ", b"Bearer \xff.\xff.\xff", b"Bearer a.b.c", b"Basic Og==", b"bytes=0-,5-1", b"-1", b"1e999"),
    *(b"multipart/form-data", b"multipart/form-data; boundary=\xff", b"application/json; charset=utf-16"),
    *(b"application/x-www-form-urlencoded; charset=none", b"text/plain; charset=\x00", b"gzip", b"0x7f.1"),
    *(
        b"::ffff:1.2.3.4%eth0",
        b"[::1",
        b"1.2.3.4:99999999",
        b"http://[",
        b"localhost:-1",
        b"\xc0\xaf",
        b"DELETE",
    ),
)
HALVES = ("\\ud800", "long enough\\udfff", "\\udc00\\ud800")
RIGHT = {
    "name": "lamp",
    "price": 1,
    "description": "x",
    "username": "somebody",
    "password": "a long password",
}
FIELDS = {"items": ["name", "price", "description"], "keys": ["name"]}
BODIES = (
    *(b"", b"null", b"[]", b'""', b"NaN", b"Infinity", b"-0", b"1e400", b"9" * 5000, b"{", b'{"a":1,"a":2}'),
    *(b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\xc3\x28", b"[" * 8000, b'{"a":' * 3000, b'"\\u0000"'),
    *(
        b"username=%ff&password=%00",
        b"username=a&username=b",
        b"=&=&",
        b"a" * 15_000,
        b"<?xml version='1.0'?>",
    ),
)


@pytest.fixture(scope="module", autouse=True)
def quick(weak_passwords: None) -> Iterator[None]:
    """Tasks that take time take none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(io, "sleep", lambda _delay_s: None)
        patch.setattr(background, "sleep", lambda _delay_s: None)
        yield


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The app with every feature on that needs no Redis, over a database of each kind; a 500 is an answer."""
    plenty = {"rate_limit_requests": 10_000_000, "login_limit_requests": 10_000_000}
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = sqlite_url(tmp_path_factory.mktemp("hostile") / "app.db")
        else:
            fresh: FreshDatabase = request.getfixturevalue("fresh_postgres")
            url = stack.enter_context(fresh())
        app = create_app(settings_of(database_url=url, bench=True, seed_rows=20, **FEATURES, **plenty))
        yield stack.enter_context(TestClient(app, raise_server_exceptions=False))


@pytest.fixture(scope="module")
def user(client: TestClient) -> dict[str, str]:
    return new_user(client, "hostile")


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_no_header_brings_it_down(
    client: TestClient, user: dict[str, str], method: str, path: str, operation: dict[str, Any]
) -> None:
    drawn = random.Random(f"{method} {path}")
    for _ in range(EXAMPLES * 5):
        pairs = [(name.encode(), drawn.choice(VALUES)) for name in drawn.sample(HEADERS, 3)]
        known = [(name.encode(), value.encode()) for name, value in user.items()]
        given = [*known, *pairs] if drawn.random() < 0.5 else pairs
        body = right_body(operation)
        answer = client.request(method, filled(path), headers=given, content=body)
        expect_documented(answer.status_code, operation, f"{pairs} {body!r}")


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [one for one in OPERATIONS if "requestBody" in one[2]],
    ids=[name for name, one in zip(NAMES, OPERATIONS, strict=True) if "requestBody" in one[2]],
)
def test_no_body_brings_it_down(
    client: TestClient, user: dict[str, str], method: str, path: str, operation: dict[str, Any]
) -> None:
    """With half characters in each place of an object, which Hypothesis does not send, and what is no JSON."""
    (kind,) = operation["requestBody"]["content"]
    for body in [*BODIES, *with_halves(path)]:
        for headers in ({"Content-Type": kind}, {"Content-Type": kind, **user}):
            answer = client.request(method, filled(path), headers=headers, content=body)
            expect_documented(answer.status_code, operation, repr(body[:80]))


def with_halves(path: str) -> Iterator[bytes]:
    """Right bodies, but for half a character in place of one of their values, or of the name of one."""
    fields = next((fields for part, fields in FIELDS.items() if part in path), ["username", "password"])
    for place in fields:
        right = {name: RIGHT[name] for name in fields}
        for half in HALVES:
            yield json.dumps(right | {place: "HALF"}).replace("HALF", half).encode()
            yield json.dumps(right | {"HALF": 1}).replace("HALF", half).encode()
        yield "&".join(
            f"{name}={'%ed%a0%80' * 9 if name == place else right[name]}" for name in fields
        ).encode()


def filled(path: str) -> str:
    """A path of something that is there."""
    return re.sub(r"\{[^}]*\}", "1", path)


def right_body(operation: dict[str, Any]) -> bytes:
    """A body that most operations with one take."""
    return json.dumps({"name": "lamp", "price": 1}).encode() if "requestBody" in operation else b""


def expect_documented(status: int, operation: dict[str, Any], sent: str) -> None:
    assert str(status) in operation["responses"], sent
    assert status < 500, sent
