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

from tests.conftest import FreshDatabase
from tests.target_app.conftest import StartApp, app_over

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
