"""Reports, made in the background after the response."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from target_app.crud.reports import PENDING_S
from tests.target_app.test_auth import LAMP, new_user


@pytest.fixture(scope="module", autouse=True)
def quick(weak_passwords: None) -> None:
    """Real hashes are in test_security.py."""


def test_a_report_is_made_after_the_answer(either: TestClient) -> None:
    asked = either.post("/reports")
    path = asked.headers["location"]
    assert asked.status_code == 202
    assert asked.json() | {"id": 0} == {"id": 0, "status": "pending", "items": None, "mean_price": None}
    items = either.get("/api/v1/items", params={"limit": 100}).json()
    done = either.get(path).json()
    assert (done["status"], done["items"]) == ("done", len(items))
    assert done["mean_price"] == pytest.approx(sum(item["price"] for item in items) / len(items))


def test_a_report_is_about_what_its_owner_sees_and_for_them_alone(client: TestClient) -> None:
    ann, ben = new_user(client, "ann"), new_user(client, "ben")
    client.post("/api/v1/items", json=LAMP, headers=ann)
    paths = [client.post("/reports", headers=who).headers["location"] for who in (ann, ben)]
    assert client.get(paths[0], headers=ann).json()["items"] == 21
    assert client.get(paths[1], headers=ben).json()["items"] == 20
    assert [client.get(paths[0], headers=who).status_code for who in (ben, {})] == [404, 404]


def test_a_report_that_fails_says_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("target_app.crud.reports.visible_to", lambda _owner: 1 / 0)
    path = client.post("/reports").headers["location"]
    assert client.get(path).json()["status"] == "failed"


def test_a_report_whose_worker_was_killed_fails_in_time(
    client: TestClient, database_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody will finish it: the task is never run here."""
    monkeypatch.setattr("target_app.routers.reports.BackgroundTasks.add_task", lambda *_: None)
    path = client.post("/reports").headers["location"]
    assert client.get(path).json()["status"] == "pending"
    with closing(sqlite3.connect(database_path)) as other:
        other.execute("UPDATE reports SET deadline_s = deadline_s - ?", (PENDING_S + 1,))
        other.commit()
    assert client.get(path).json() == {"id": 1, "status": "failed", "items": None, "mean_price": None}
