"""Requests as they are written: what is sent, expected and how it is called."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.starter.recording.concealment import is_secret, split_named
from bench.starter.recording.exchanges import Exchange
from scenarios.model import Request
from tests.bench.starter.recording.built import exchange, flow_of, requests_of
from tests.bench.starter.schemas import values


def written(one: Exchange, folder: Path) -> Request:
    (request,) = requests_of(flow_of([one], folder))
    return request


@pytest.mark.parametrize(
    ("target", "label"),
    [
        ("/", "GET /"),
        ("/items?page=2", "GET /items"),
        ("/items/7/reviews/123e4567-e89b-42d3-a456-426614174000?x=1", "GET /items/{id}/reviews/{id}"),
        ("/a%20b/%7Bc%7D", "GET /a%20b/%7Bc%7D"),
        ("/x?a&b=&c=%26&d=a+b&a=2", "GET /x"),
    ],
)
def test_a_target_stays_and_its_label_has_no_ids(target: str, label: str, tmp_path: Path) -> None:
    request = written(exchange("GET", target), tmp_path)
    assert (request.path, request.label) == (target, label)


def test_graphql_operations_have_labels_of_their_own(tmp_path: Path) -> None:
    one = exchange(
        "POST", "/graphql", {"query": "query Shop { a }", "operationName": "Shop", "variables": {}}
    )
    assert written(one, tmp_path).label == "POST /graphql Shop"


@pytest.mark.parametrize(
    ("status", "kind", "body", "expect", "checks"),
    [
        (200, "application/json", b"{}", 200, True),
        (404, "text/html; charset=utf-8", b"no", 404, True),
        (204, "application/json", b"", 204, False),
        (304, "application/json", b"", 200, False),
        (200, "application/json", b"", 200, False),
    ],
)
def test_the_recorded_status_and_type_are_expected(
    status: int, kind: str, body: bytes, expect: int, checks: bool, tmp_path: Path
) -> None:
    one = exchange("GET", "/", status=status, answered=body, answer_headers=[("Content-Type", kind)])
    request = written(one, tmp_path)
    assert (request.expect, request.check is not None) == (expect, checks)


@given(value=values())
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_json_body_is_sent_as_it_was(value: Any, tmp_path: Path) -> None:
    request = written(exchange("POST", "/x", {"a": [value]}), tmp_path)
    assert json.loads(request.body) == {"a": [value]}
    assert dict(request.headers) == {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b"[" * 50 + b"]" * 50,
        b"[" * 5000,
        b"7",
        b"{}x",
        '<ü>it\'s "x"\\</ü>\n'.encode(),
        b"\x00\xff\r\n'\"",
        b"a=1&&b",
        b"=",
    ],
)
@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "application/octet-stream"]
)
def test_a_body_that_cannot_be_written_as_data_is_sent_byte_for_byte(
    body: bytes, kind: str, tmp_path: Path
) -> None:
    request = written(exchange("POST", "/x", body=body, kind=kind), tmp_path)
    assert request.body == body
    assert dict(request.headers) == {"Content-Type": kind}


@pytest.mark.parametrize(
    "kind", ["application/vnd.api+json", "application/json; charset=utf-8", "text/plain"]
)
def test_json_of_another_type_keeps_it(kind: str, tmp_path: Path) -> None:
    request = written(exchange("PATCH", "/x", {"a": 1.5}, kind=kind), tmp_path)
    assert json.loads(request.body) == {"a": 1.5}
    assert dict(request.headers)["Content-Type"].partition(";")[0] == kind.partition(";")[0]
    assert math.isfinite(json.loads(request.body)["a"])


def _are_no_secrets(pairs: list[tuple[str, str]]) -> bool:
    """Hypothesis knows words of our own code, such as `cvc`, whose values are concealed."""
    return not any(
        is_secret(value, [name]) or any(word for word, _ in split_named(value)) for name, value in pairs
    )


@given(
    st.lists(st.tuples(st.text(), st.text()), min_size=1)
    .filter(lambda pairs: pairs != [("", "")])
    .filter(_are_no_secrets)
)
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_fields_of_a_form_come_back(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    body = urlencode(pairs, errors="surrogatepass").encode()
    one = exchange("POST", "/x", body=body, kind="application/x-www-form-urlencoded")
    request = written(one, tmp_path_factory.getbasetemp())
    assert parse_qsl(request.body.decode(), keep_blank_values=True) == parse_qsl(
        body.decode(), keep_blank_values=True
    )
