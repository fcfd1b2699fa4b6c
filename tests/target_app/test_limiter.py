"""Windows, in memory and in Redis: how many get in, and when the next may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from target_app.breaker import Breaker
from target_app.limiter import HitLimit, MemoryWindows, RedisWindows, Windows

Use = Callable[[Windows], Awaitable[None]]


@pytest.fixture(params=["memory", "redis"])
def run(request: pytest.FixtureRequest) -> Callable[[Use], None]:
    """Runs a coroutine function with windows of each kind in turn."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None

    @asynccontextmanager
    async def opened() -> AsyncIterator[Windows]:
        if url is None:
            yield MemoryWindows()
            return
        async with Redis.from_url(url) as redis:
            yield RedisWindows(redis, Breaker(5, 1, ()))

    async def with_windows(use: Use) -> None:
        async with opened() as windows:
            await use(windows)

    return lambda use: asyncio.run(with_windows(use))


def limit(hits: int, window_s: int = 60) -> HitLimit:
    """A limit that no other test counts for."""
    return HitLimit(uuid4().hex, hits, window_s)


def test_exactly_so_many_get_in_however_many_come_at_once(run: Callable[[Use], None]) -> None:
    async def use(windows: Windows) -> None:
        ten = limit(10)
        hits = await asyncio.gather(*(windows.hit(ten, "me") for _ in range(50)))
        assert sorted((hit.remaining for hit in hits if hit.allowed), reverse=True) == list(range(9, -1, -1))
        assert {hit.remaining for hit in hits if not hit.allowed} == {0}
        assert all(0 < hit.reset_s <= 60 for hit in hits)

    run(use)


def test_keys_and_limits_are_apart(run: Callable[[Use], None]) -> None:
    async def use(windows: Windows) -> None:
        one, other = limit(1), limit(1)
        assert [(await windows.hit(*each)).allowed for each in ((one, "a"), (one, "b"), (other, "a"))] == [
            True
        ] * 3
        assert not (await windows.hit(one, "a")).allowed

    run(use)


def test_a_window_slides(run: Callable[[Use], None]) -> None:
    """Whoever is refused may come again when the oldest hit leaves; only that one makes room."""

    async def use(windows: Windows) -> None:
        two = limit(2, window_s=1)
        first = await windows.hit(two, "me")
        assert first.remaining == 1
        assert first.reset_s == pytest.approx(1, abs=0.05)
        await asyncio.sleep(0.55)
        assert (await windows.hit(two, "me")).remaining == 0
        refused = await windows.hit(two, "me")
        assert (refused.allowed, refused.reset_s < 0.47) == (False, True)
        await asyncio.sleep(refused.reset_s + 0.02)
        assert [(await windows.hit(two, "me")).allowed for _ in range(2)] == [True, False]

    run(use)


def test_memory_forgets_keys_whose_hits_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr("target_app.limiter.time.monotonic", lambda: now_s)
    windows, ten = MemoryWindows(), limit(10)

    async def hit(*keys: str) -> None:
        for key in keys:
            await windows.hit(ten, key)

    asyncio.run(hit("a", "b"))
    now_s += 59
    asyncio.run(hit("b"))
    now_s += 2
    asyncio.run(hit("c"))
    assert {key for _, key in windows._hits} == {"b", "c"}
