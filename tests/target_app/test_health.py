"""Alive means the process answers; ready means it can read from the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.target_app.conftest import StartApp


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Keep everybody else from reading, as a backup or a repair may do."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield


def test_live_and_ready(start_app: StartApp) -> None:
    client = start_app()
    answers = [client.get("/health/live"), client.get("/health/ready")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"status": "ok"})] * 2


def test_not_ready_while_the_database_is_locked(start_app: StartApp, database_path: Path) -> None:
    client = start_app(busy_timeout_s=0.05)
    with locked(database_path):
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["detail"] == "The database is not available"
        assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_not_ready_when_the_database_keeps_silent(start_app: StartApp, database_path: Path) -> None:
    """The deadline of a second holds although the database would wait longer, and nothing stays stuck."""
    client = start_app(busy_timeout_s=1.2, pool_size=1)
    with locked(database_path):
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["detail"] == "The database or Redis did not answer in time"
    assert client.get("/health/ready").status_code == 200


def test_not_ready_when_the_database_is_gone(start_app: StartApp, database_path: Path) -> None:
    """Also with a connection in the pool, which could read the file that has no name any more."""
    client = start_app()
    assert client.get("/health/ready").status_code == 200
    database_path.rename(database_path.with_name("elsewhere"))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert client.get("/health/live").status_code == 200
    database_path.with_name("elsewhere").rename(database_path)
    assert client.get("/health/ready").status_code == 200


def test_not_ready_when_the_table_is_gone(start_app: StartApp, database_path: Path) -> None:
    client = start_app()
    with closing(sqlite3.connect(database_path)) as connection:
        connection.execute("DROP TABLE items")
    assert client.get("/health/ready").status_code == 503
