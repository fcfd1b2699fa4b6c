"""One row by its id from each kind of database, by tier and by way, without an endpoint; sync without a thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from target_app.crud import items
from target_app.database import Database
from target_app.schemas.item import ItemPublic
from tests.benchmarks.apps import AppOn, Started
from tests.benchmarks.measuring import Measure, Subject

SEED_ROWS = 1000


async def _orm(database: Database, item_id: int) -> Any:
    async with database.reading() as session:
        return await items.read(session, item_id)


def _orm_sync(database: Database, item_id: int) -> Any:
    with database.reading_sync() as session:
        return items.read_sync(session, item_id)


async def _core(database: Database, item_id: int) -> Any:
    async with database.reader.connect() as connection:
        return await items.read_core(connection, item_id)


def _core_sync(database: Database, item_id: int) -> Any:
    with database.reader_sync.connect() as connection:
        return items.read_core_sync(connection, item_id)


async def _raw(database: Database, item_id: int) -> Any:
    return await database.raw.read_item(item_id)


def _raw_sync(database: Database, item_id: int) -> Any:
    return database.raw.read_item_sync(item_id)


ASYNC: dict[str, Callable[[Database, int], Awaitable[Any]]] = {"orm": _orm, "core": _core, "raw": _raw}
SYNC: dict[str, Callable[[Database, int], Any]] = {"orm": _orm_sync, "core": _core_sync, "raw": _raw_sync}


@pytest.fixture(params=["sqlite", "postgres"])
def started(request: pytest.FixtureRequest, app_on: AppOn) -> Started:
    """The app over each kind of database, whose pools are used."""
    return app_on("uvloop", request.param)


@pytest.mark.parametrize("tier", ASYNC)
def test_async(tier: str, started: Started, measure: Measure) -> None:
    """Through the async driver."""
    database, rng = started.app.state.database, Random(1)

    async def read() -> tuple[int, Any]:
        item_id = rng.randint(1, SEED_ROWS)
        return item_id, await ASYNC[tier](database, item_id)

    (row,) = measure.coroutines(_subject(tier, "async", started), started.inside.loop, read)
    assert _is_right(row)


@pytest.mark.parametrize("tier", SYNC)
def test_sync(tier: str, started: Started, measure: Measure) -> None:
    """Through the sync driver, which an endpoint would ask from a thread."""
    database, rng = started.app.state.database, Random(1)

    def read() -> tuple[int, Any]:
        item_id = rng.randint(1, SEED_ROWS)
        return item_id, SYNC[tier](database, item_id)

    assert _is_right(measure.call(_subject(tier, "sync", started), read))


def _subject(tier: str, way: str, started: Started) -> Subject:
    return Subject(f"query-{tier}-{way}", "queries", database=started.app.state.settings.backend)


def _is_right(asked: tuple[int, Any]) -> bool:
    item_id, row = asked
    return row is not None and ItemPublic.model_validate(row).id == item_id
