"""A busy database makes clients come again, and is as good as new afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

import pytest
from fastapi import FastAPI

from bench.engines.inprocess import InProcess
from scenarios.model import Request, Response, json_request
from target_app.database import Database
from target_app.main import create_app
from target_app.settings import Settings

UNAVAILABLE = b'{"detail":"The database is not available","request_id":'
READS_ASYNC = (
    "/api/v1/items/1",
    "/api/v1/items",
    "/bench/db/orm/async",
    "/bench/db/core/async",
    "/bench/db/list/async",
)
READS_SYNC = (
    "/api/v1/sync/items/1",
    "/api/v1/sync/items",
    "/bench/db/orm/sync",
    "/bench/db/core/sync",
    "/bench/db/list/sync",
    "/bench/db/misuse",
)
LAMP = {"name": "lamp", "price": 1}
WRITES_ASYNC = (
    json_request("POST", "/api/v1/items", LAMP),
    json_request("PUT", "/api/v1/items/1", LAMP),
    json_request("PATCH", "/api/v1/items/1", {"price": 2}),
    Request("DELETE", "/api/v1/items/20"),
)
WRITES_SYNC = tuple(write._replace(path=write.path.replace("v1/", "v1/sync/")) for write in WRITES_ASYNC)

Hold = Callable[[Database], AbstractAsyncContextManager[None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.db"


@pytest.fixture
def application(path: Path) -> FastAPI:
    """An app with one connection in each pool, that waits for nothing long."""
    return create_app(
        Settings(
            bench=True,
            database_url=f"sqlite:///{path}",
            seed_rows=20,
            pool_size=1,
            pool_timeout_s=0.02,
            busy_timeout_s=0.05,
        )
    )


@pytest.fixture
def app(application: FastAPI) -> Iterator[InProcess]:
    """The app, running."""
    with InProcess(application) as running:
        yield running


@pytest.fixture
def database(application: FastAPI, app: InProcess) -> Database:
    """The database that the running app holds."""
    held: Database = application.state.database
    return held


@asynccontextmanager
async def async_reader(database: Database) -> AsyncIterator[None]:
    async with database.reader.connect():
        yield


@asynccontextmanager
async def sync_reader(database: Database) -> AsyncIterator[None]:
    with database.reader_sync.connect():
        yield


@asynccontextmanager
async def async_writer(database: Database) -> AsyncIterator[None]:
    async with database.writing() as session:
        await session.connection()
        yield


@asynccontextmanager
async def sync_writer(database: Database) -> AsyncIterator[None]:
    with database.writing_sync() as session:
        session.connection()
        yield


def _reads(paths: tuple[str, ...]) -> tuple[Request, ...]:
    return tuple(Request("GET", path) for path in paths)


@pytest.mark.parametrize(
    ("hold", "requests"),
    [
        pytest.param(async_reader, _reads(READS_ASYNC), id="async reads"),
        pytest.param(sync_reader, _reads(READS_SYNC), id="sync reads"),
        pytest.param(async_writer, WRITES_ASYNC, id="async writes"),
        pytest.param(sync_writer, WRITES_SYNC, id="sync writes"),
        pytest.param(sync_writer, WRITES_ASYNC, id="async writes beside a sync one"),
        pytest.param(async_writer, WRITES_SYNC, id="sync writes beside an async one"),
    ],
)
def test_exhausted_pool_answers_503_and_recovers(
    app: InProcess, database: Database, hold: Hold, requests: tuple[Request, ...]
) -> None:
    """Somebody holds the only connection, or the only right to write."""

    async def while_held() -> list[Response]:
        async with hold(database):
            return [await app.call(request) for request in requests]

    refused = app.loop.run_until_complete(while_held())
    assert [answer.status for answer in refused] == [503] * len(requests)
    assert all(answer.body.startswith(UNAVAILABLE) for answer in refused)
    assert {answer.header("Retry-After") for answer in refused} == {"1"}
    served = [app.send(request) for request in requests]
    assert {answer.status for answer in served} <= {200, 201, 204}


@pytest.mark.parametrize(
    ("hold", "other"),
    [
        pytest.param(async_reader, READS_SYNC, id="sync reads beside an async one"),
        pytest.param(sync_reader, READS_ASYNC, id="async reads beside a sync one"),
    ],
)
def test_twins_have_pools_of_their_own(
    app: InProcess, database: Database, hold: Hold, other: tuple[str, ...]
) -> None:
    async def while_held() -> set[int]:
        async with hold(database):
            return {(await app.call(request)).status for request in _reads(other)}

    assert app.loop.run_until_complete(while_held()) == {200}


@pytest.mark.parametrize("requests", [WRITES_ASYNC, WRITES_SYNC], ids=["async", "sync"])
def test_writer_in_another_process_makes_clients_come_again(
    app: InProcess, path: Path, requests: tuple[Request, ...]
) -> None:
    """Reading goes on meanwhile: that is what WAL is for."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [app.send(request).status for request in requests] == [503] * 4
        assert {app.send(read).status for read in _reads(READS_ASYNC + READS_SYNC)} == {200}
        other.execute("ROLLBACK")
    assert [app.send(request).status for request in requests] == [201, 200, 200, 204]


def test_failed_requests_leave_no_transaction_open(app: InProcess, path: Path) -> None:
    """404s and refusals end their transactions too, or the next writer would find a locked database."""
    missing = (
        Request("DELETE", "/api/v1/items/99"),
        json_request("PATCH", "/api/v1/sync/items/99", {"price": 1}),
        json_request("PUT", "/api/v1/items/99", LAMP),
    )
    assert [app.send(request).status for request in missing] == [404] * 3
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM items").fetchone() == (20,)
        other.execute("ROLLBACK")


def test_concurrent_writes_are_all_there(tmp_path: Path) -> None:
    """Fifty at once through each way, in one process: none is lost, none fails."""
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'busy.db'}", seed_rows=0, pool_timeout_s=30, busy_timeout_s=30
    )
    creations = [
        json_request("POST", root, LAMP)
        for _ in range(50)
        for root in ("/api/v1/items", "/api/v1/sync/items")
    ]
    with InProcess(create_app(settings)) as app:

        async def together() -> list[Response]:
            return await asyncio.gather(*map(app.call, creations))

        assert {answer.status for answer in app.loop.run_until_complete(together())} == {201}
        listed = app.send(Request("GET", "/api/v1/items?limit=100")).body
    assert listed.count(b'"id":') == 100


def test_connections_are_set_up_alike(app: InProcess, database: Database) -> None:
    """Both drivers, reading and writing: waiting for others, safe enough with WAL, foreign keys checked."""
    expected = [(50,), (1,), (1,), ("wal",)]
    pragmas = ("busy_timeout", "synchronous", "foreign_keys", "journal_mode")

    async def asked_async(engine: str) -> list[tuple[object, ...]]:
        bind = {"reader": database.reader, "writer": database.writing.kw["bind"]}[engine]
        async with bind.connect() as connection:
            return [tuple((await connection.exec_driver_sql(f"PRAGMA {pragma}")).one()) for pragma in pragmas]

    def asked(engine: str) -> list[tuple[object, ...]]:
        bind = {"reader": database.reader_sync, "writer": database.writing_sync.kw["bind"]}[engine]
        with bind.connect() as connection:
            return [tuple(connection.exec_driver_sql(f"PRAGMA {pragma}").one()) for pragma in pragmas]

    for engine in ("reader", "writer"):
        assert app.loop.run_until_complete(asked_async(engine)) == expected
        assert asked(engine) == expected
