"""What the cache of items costs, where the item is there and where it is not and is put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from bench.engines.inprocess import InProcess
from target_app.breaker import Breaker
from target_app.cache import ItemCache
from target_app.schemas.item import INT32_MAX, ItemPublic
from tests.benchmarks.measuring import Measure, Subject
from tests.target_app.settings import settings_of

FIRST_ID = INT32_MAX - 10_000_000
"""Ids that no other test has, as others use the same Valkey."""

NEXT_ID = count(FIRST_ID)


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> str:
    """Where items are kept."""
    name: str = request.param
    return name


@pytest.fixture
def client(bare_on: Callable[[str], InProcess]) -> InProcess:
    """The loop on which the cache is asked."""
    return bare_on("uvloop")


@pytest.fixture
def items(store: str, client: InProcess, request: pytest.FixtureRequest) -> Iterator[ItemCache]:
    """The cache of the app, empty."""
    where = {"redis_url": request.getfixturevalue("redis_url")} if store == "redis" else {}
    cache = ItemCache(settings_of(cache=store, **where), Breaker(5, 1, ()))
    yield cache
    client.loop.run_until_complete(cache.close())


async def _read(cache: ItemCache, item: ItemPublic) -> ItemPublic | None:
    """What is in the item's slot, which is filled where it is empty."""
    async with cache.slot(item.id) as slot:
        if slot.found is None:
            slot.keep(item)
        return slot.found


def _item() -> ItemPublic:
    return ItemPublic(id=next(NEXT_ID), name="chair", description=None, price=2.5, owner_id=None)


def test_hit(store: str, items: ItemCache, client: InProcess, measure: Measure) -> None:
    item = _item()
    client.loop.run_until_complete(_read(items, item))
    subject = Subject(f"item-cache-{store}-hit", "item-cache")
    assert measure.coroutines(subject, client.loop, lambda: _read(items, item)) == [item]


def test_miss(store: str, items: ItemCache, client: InProcess, measure: Measure) -> None:
    """Each time another item, which nobody has asked for yet."""
    kept: list[ItemPublic] = []

    async def read_new() -> ItemPublic | None:
        kept.append(_item())
        return await _read(items, kept[-1])

    subject = Subject(f"item-cache-{store}-miss", "item-cache")
    assert measure.coroutines(subject, client.loop, read_new) == [None]
    assert client.loop.run_until_complete(_read(items, kept[-1])) == kept[-1]
