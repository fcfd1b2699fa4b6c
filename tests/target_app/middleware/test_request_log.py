"""A line a request: enough to find it by, and nothing that is secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.target_app.conftest import StartApp, app_over, sqlite_url
from tests.target_app.test_auth import PASSWORD, new_user


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was written to standard error: only lines of the log."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_request_leaves_a_line(database_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with app_over(sqlite_url(database_path), request_log=True) as client:
        answers = [
            client.get("/bench/ping"),
            client.get("/nothing?token=secret", headers={"X-Request-ID": "mine"}),
        ]
    told = lines(capsys)
    assert [line["request_id"] for line in told] == [answer.headers["x-request-id"] for answer in answers]
    assert told[1]["request_id"] == answers[1].json()["request_id"] == "mine"
    assert [(line["method"], line["path"], line["status"], line["client"]) for line in told] == [
        ("GET", "/bench/ping", 200, "testclient"),
        ("GET", "/nothing", 404, "testclient"),
    ]
    assert all(line["duration_ms"] > 0 and line["at_s"] > 1e9 for line in told)


def test_nothing_secret_is_written(database_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with app_over(sqlite_url(database_path), request_log=True) as client:
        user = new_user(client, "ann")
        key = client.post("/auth/api-keys", json={"name": "k"}, headers=user).json()["key"]
        client.get(f"/users/me?api_key={key}", headers={"X-API-Key": key})
    written = capsys.readouterr().err
    assert written.count("\n") == 4
    for secret in (PASSWORD, user["Authorization"].removeprefix("Bearer "), key):
        assert secret not in written


@pytest.mark.parametrize(
    "path",
    [
        pytest.param('/a%0D%0A{"request_id":"forged"}', id="a forged line"),
        pytest.param("/a%E2%80%A8b", id="a line separator"),
        pytest.param("/a%1B[31mb", id="colours"),
        pytest.param("/%22,%22status%22:200", id="a forged field"),
    ],
)
def test_a_line_stays_one_line(database_path: Any, capsys: pytest.CaptureFixture[str], path: str) -> None:
    with app_over(sqlite_url(database_path), request_log=True) as client:
        client.get(path, headers={"X-Request-ID": "a\nb"})
    written = capsys.readouterr().err
    assert written.isascii()
    assert written.count("\n") == 1
    assert "\x1b" not in written
    assert json.loads(written)["status"] == 404
    assert len(json.loads(written)["request_id"]) == 32


def test_an_error_inside_is_a_500(
    database_path: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("target_app.crud.items.visible_to", lambda _owner: 1 / 0)
    with app_over(sqlite_url(database_path), request_log=True) as client:
        client.get("/api/v1/items")
    assert [line["status"] for line in lines(capsys)] == [500]


def test_in_bench_mode_there_is_none(start_app: StartApp, capsys: pytest.CaptureFixture[str]) -> None:
    answer = start_app().get("/bench/ping")
    assert "x-request-id" not in answer.headers
    assert capsys.readouterr().err == ""
