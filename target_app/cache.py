"""A cache of public items: in this process, or in Redis for all workers."""

import asyncio
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from anyio import from_thread
from cashews import Cache
from cashews.exceptions import CacheBackendInteractionError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from target_app.breaker import Breaker, RestingError
from target_app.redis_client import ONE_RETRY
from target_app.schemas.item import ItemPublic
from target_app.settings import Settings

_LOCK_S = 5.0
"""Lifetime of a lock: a request that dies while it loads an item holds up the others no longer than this."""
_POLL_S = 0.005
_CLEAN_S = 0.2
_AWAY = (CacheBackendInteractionError, RestingError, TimeoutError)
"""What the cache raises while it cannot be reached."""


_PREFIX = "target-app:1:item:"
"""Of our keys: the service that they belong to, and the version of what they hold."""
_NOT_KEPT = "not kept"
"""Stands in the slot of what is not cached, as it is not there or has an owner: nobody need wait to load it."""


def _key(item_id: int) -> str:
    return f"{_PREFIX}{item_id}"


def _read(value: object) -> ItemPublic | str | None:
    """The item in a slot, or `_NOT_KEPT`; None where it holds nothing of ours."""
    if value == _NOT_KEPT:
        return _NOT_KEPT
    try:
        return ItemPublic.model_validate(value)
    except ValidationError:
        return None


@dataclass(slots=True)
class Slot:
    """The place of one item in the cache: `found` was there, `loaded` is to be put there."""

    found: ItemPublic | None = None
    loaded: ItemPublic | None = None
    state: str | None = None

    def keep(self, item: ItemPublic) -> ItemPublic:
        """Mark an item for the cache unless it has an owner; returns the item."""
        if item.owner_id is None:
            self.loaded = item
        return item


class ItemCache:
    """Public items by id; requests are served without the cache while it cannot be reached.

    An item that was written meanwhile is not looked up until its slot could be emptied, in this worker; others may find
    the old one between the moment when the cache is back and that when the slot is emptied, `_CLEAN_S` later at most.
    """

    def __init__(self, settings: Settings, breaker: Breaker) -> None:
        self._ttl_s = settings.cache_ttl_s
        self._breaker = breaker
        self._written: Counter[int] = Counter()  # how often each was, until its slot is empty
        self._cleaning: asyncio.Task[None] | None = None
        self._cache: Cache | None = None
        if settings.cache == "off":
            return
        self._cache = Cache()
        if settings.cache == "memory":
            self._cache.setup("mem://?size=100000", pickle_type="json")
        else:
            self._cache.setup(
                settings.redis_url,
                pickle_type="json",
                suppress=False,  # or it writes a traceback for each request while Redis is away
                max_connections=settings.pool_size,
                wait_for_connection_timeout=settings.redis_timeout_s,
                socket_timeout=settings.redis_timeout_s,
                socket_connect_timeout=settings.redis_timeout_s,
                retry=ONE_RETRY,
            )

    @asynccontextmanager
    async def slot(self, item_id: int) -> AsyncIterator[Slot]:
        """The slot of an item; while it is empty, one request fills it and the others wait for that one."""
        if self._cache is None:
            yield Slot()
            return
        if item_id in self._written:
            yield Slot(state="MISS")
            return
        key = _key(item_id)
        async with AsyncExitStack() as stack:
            try:
                async with self._breaker.question():
                    found = _read(await self._cache.get(key))
                if found is None:
                    await stack.enter_async_context(self._lock(self._cache, key))
                    found = _read(await self._cache.get(key))
            except _AWAY:
                yield Slot(state="MISS")
                return
            if found is _NOT_KEPT:
                await stack.aclose()  # whoever waits for the lock need not wait for us
                yield Slot(state="MISS")
                return
            if isinstance(found, ItemPublic):
                yield Slot(found, state="HIT")
                return
            slot = Slot(state="MISS")
            try:
                yield slot
            except HTTPException as error:
                if error.status_code == 404:
                    await self._fill(self._cache, key, _NOT_KEPT)
                raise
            await self._fill(self._cache, key, slot.loaded.model_dump() if slot.loaded else _NOT_KEPT)

    async def _fill(self, cache: Cache, key: str, value: object) -> None:
        with suppress(*_AWAY):
            async with self._breaker.question():
                await cache.set(key, value, expire=self._ttl_s)

    @asynccontextmanager
    async def _lock(self, cache: Cache, key: str) -> AsyncIterator[None]:
        """The lock of a slot; losing the lock while it is held does no harm."""
        lock = cache.lock(f"lock:{key}", _LOCK_S, check_interval=_POLL_S)
        with self._breaker.guard():
            await lock.__aenter__()
        try:
            yield
        finally:
            with suppress(*_AWAY), self._breaker.guard():
                await lock.__aexit__(None, None, None)

    async def forget(self, item_id: int) -> None:
        """Empty the slot of an item after a write, now or as soon as the cache is there again."""
        if self._cache is None or await self._empty(self._cache, item_id):
            return
        self._written[item_id] += 1
        if self._cleaning is None or self._cleaning.done():
            self._cleaning = asyncio.create_task(self._clean(self._cache))

    async def _empty(self, cache: Cache, item_id: int) -> bool:
        """Empty a slot, once no request that read the old item can fill it again; False where it cannot be done now."""
        key = _key(item_id)
        try:
            # A request that has read the old item and is about to cache it holds the lock.
            async with self._lock(cache, key):
                await cache.delete(key)
        except _AWAY:
            return False
        return True

    async def _clean(self, cache: Cache) -> None:
        """Empty the slots of items that were written while the cache was away."""
        while self._written:
            await asyncio.sleep(_CLEAN_S)
            for item_id, times in tuple(self._written.items()):
                if not await self._empty(cache, item_id):
                    break
                if self._written[item_id] == times:  # else it was written again meanwhile
                    del self._written[item_id]

    def forget_sync(self, item_id: int) -> None:
        """`forget`, called from the thread of a plain function."""
        if self._cache is not None:
            from_thread.run(self.forget, item_id)

    async def close(self) -> None:
        """Close the connections of the cache."""
        if self._cleaning is not None:
            self._cleaning.cancel()
        if self._cache is not None:
            with warnings.catch_warnings():
                # cashews (7.6) closes its client by an old name.
                warnings.simplefilter("ignore", DeprecationWarning)
                await self._cache.close()
