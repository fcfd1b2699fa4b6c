"""A pool that is used up is a 503 in time, whoever holds its connections, and nothing is wrong afterwards."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from target_app.engines import engines, writing_engine
from tests.conftest import FreshDatabase
from tests.target_app.conftest import StartApp, app_over
from tests.target_app.settings import settings_of

DEADLINE_S = 20.0
READS = [f"/bench/db/{tier}/{way}" for tier in ("orm", "core", "raw") for way in ("async", "sync")]
READS += ["/bench/db/list/async", "/bench/db/list/sync", "/api/v1/items", "/api/v1/sync/items"]
WRITES = ["/bench/db/counter/async", "/bench/db/counter/sync"]


@contextmanager
def held(url: str, statement: str) -> Iterator[psycopg.Connection]:
    """A transaction of somebody else that keeps a lock until the block ends."""
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())
        yield connection
        connection.rollback()


def wait_for_waiter(url: str, count: int = 1) -> None:
    """Return once that many connections of the app wait for the lock."""
    deadline_s = time.monotonic() + DEADLINE_S
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() < deadline_s:
            query = (
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            row = connection.execute(query).fetchone()
            assert row is not None
            if row[0] >= count:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits for the lock")


@pytest.fixture(scope="module")
def small(fresh_postgres: FreshDatabase) -> Iterator[tuple[TestClient, str]]:
    """The app with pools of one connection, and where its database is."""
    with fresh_postgres() as url, app_over(url, pool_size=1, pool_timeout_s=0.1) as app:
        yield app, url


@pytest.mark.parametrize(
    ("method", "path", "table"),
    [*(("GET", path, "items") for path in READS), *(("POST", path, "counters") for path in WRITES)],
    ids=[*READS, *WRITES],
)
def test_a_pool_of_postgres_that_is_used_up_is_a_503_and_recovers(
    small: tuple[TestClient, str], method: str, path: str, table: str
) -> None:
    app, url = small
    with ThreadPoolExecutor(1) as pool:
        with held(url, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"):
            first = pool.submit(app.request, method, path)
            wait_for_waiter(url)
            refused = app.request(method, path)
            alive = app.get("/health/live")
        assert first.result().status_code == 200
    assert (refused.status_code, refused.json()["detail"]) == (503, "The database is not available")
    assert refused.headers["retry-after"] == "1"
    assert alive.status_code == 200
    assert app.request(method, path).status_code == 200


@pytest.mark.parametrize("way", ["async", "sync"])
def test_a_write_that_waits_for_another_is_a_503_on_sqlite(
    start_app: StartApp, way: str, database_path: Path
) -> None:
    app = start_app(pool_timeout_s=0.1, busy_timeout_s=0.1)
    other = sqlite3.connect(database_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = app.post(f"/bench/db/counter/{way}")
    other.execute("ROLLBACK")
    other.close()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert app.post(f"/bench/db/counter/{way}").json() == {"value": 1}


def test_updates_cannot_deadlock_each_other(start_app: StartApp, postgres: str) -> None:
    """Many at once over the same rows: a deadlock would be an error of PostgreSQL, and a 500."""
    app = start_app(database_url=postgres, pool_size=8, pool_timeout_s=20)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.get("/tfb/updates?queries=500").status_code, range(24)))
    assert answers == [200] * 24


@pytest.mark.parametrize("path", [*READS, "/tfb/db"])
def test_a_read_that_waits_for_a_lock_is_a_503_in_time(fresh_postgres: FreshDatabase, path: str) -> None:
    """Without a limit it would wait for as long as the lock is held, and each of them keep a connection."""
    table = "world" if "tfb" in path else "items"
    with fresh_postgres() as url, app_over(url, lock_timeout_s=0.2) as app:
        with held(url, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"):
            answer = app.get(path)
        assert (answer.status_code, answer.json()["detail"]) == (503, "The database is not available")
        assert app.get(path).status_code == 200


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_the_log_of_a_failed_statement_holds_nothing_of_it(
    backend: str, request: pytest.FixtureRequest, database_path: Path
) -> None:
    url = f"sqlite:///{database_path}" if backend == "sqlite" else request.getfixturevalue("postgres")
    with app_over(url):
        through = engines(settings_of(database_url=url))
    for engine in (through.reader_sync, through.writer_sync, writing_engine(settings_of(database_url=url))):
        with pytest.raises(DBAPIError) as caught, engine.connect() as connection:
            connection.execute(text("SELECT :hash FROM nowhere"), {"hash": "$argon2id$"})
        assert "nowhere" in str(caught.value)
        assert "argon2id" not in str(caught.value)
        engine.dispose()
    assert through.reader.sync_engine.hide_parameters
    assert through.writer.sync_engine.hide_parameters


def test_an_error_of_the_database_is_one_line_with_the_requests_id(
    small: tuple[TestClient, str], caplog: pytest.LogCaptureFixture
) -> None:
    app, url = small
    with held(url, "LOCK TABLE items IN ACCESS EXCLUSIVE MODE"), ThreadPoolExecutor(1) as pool:
        first = pool.submit(app.get, "/api/v1/sync/items")
        wait_for_waiter(url)
        app.get("/api/v1/sync/items", headers={"X-Request-ID": "mine"})
        assert first.result().status_code == 503
    said = [record.getMessage() for record in caplog.records if record.name == "target_app.errors"]
    assert len(said) == 2
    assert [line for line in said if line.startswith("mine: GET ")]
    assert not [line for line in said if "\n" in line]
