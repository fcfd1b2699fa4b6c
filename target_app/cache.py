"""Items that everybody may read, kept for a while: in this process, or in Redis for all workers."""

import warnings
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from anyio import from_thread
from cashews import Cache
from cashews.exceptions import CacheBackendInteractionError

from target_app.redis_client import ONE_RETRY
from target_app.schemas.item import ItemPublic
from target_app.settings import Settings

_LOCK_S = 5.0
"""A loader that died holds up the others no longer than this."""
_POLL_S = 0.005


@dataclass(slots=True)
class Slot:
    """The place of one item: what was found there, or what is to be put there."""

    found: ItemPublic | None = None
    loaded: ItemPublic | None = None
    state: str | None = None

    def keep(self, item: ItemPublic) -> ItemPublic:
        """Put an item there unless it is somebody's own; gives the item."""
        if item.owner_id is None:
            self.loaded = item
        return item


class ItemCache:
    """Public items by id. Where the cache cannot be reached, everything goes on without it."""

    def __init__(self, settings: Settings) -> None:
        self._ttl_s = settings.cache_ttl_s
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
        """The slot of an item; while it is empty, one request of all fills it and the others wait for that one."""
        if self._cache is None:
            yield Slot()
            return
        key = f"item:{item_id}"
        async with AsyncExitStack() as stack:
            try:
                found = await self._cache.get(key)
                if not found:
                    await stack.enter_async_context(self._lock(self._cache, key))
                    found = await self._cache.get(key)
            except CacheBackendInteractionError:
                yield Slot(state="MISS")
                return
            if found:
                yield Slot(ItemPublic.model_validate(found), state="HIT")
                return
            slot = Slot(state="MISS")
            yield slot
            if slot.loaded is not None:
                with suppress(CacheBackendInteractionError):
                    await self._cache.set(key, slot.loaded.model_dump(), expire=self._ttl_s)

    @asynccontextmanager
    async def _lock(self, cache: Cache, key: str) -> AsyncIterator[None]:
        """The lock of a slot, whose loss while it was held is no harm."""
        lock = cache.lock(f"lock:{key}", _LOCK_S, check_interval=_POLL_S)
        await lock.__aenter__()
        try:
            yield
        finally:
            with suppress(CacheBackendInteractionError):
                await lock.__aexit__(None, None, None)

    async def forget(self, item_id: int) -> None:
        """Empty the slot of an item that was written, once it holds nothing older than that."""
        if self._cache is None:
            return
        key = f"item:{item_id}"
        with suppress(CacheBackendInteractionError):
            # Whoever has read the old item and is about to put it there holds the lock.
            async with self._lock(self._cache, key):
                await self._cache.delete(key)

    def forget_sync(self, item_id: int) -> None:
        """The same from the thread of a plain function."""
        if self._cache is not None:
            from_thread.run(self.forget, item_id)

    async def close(self) -> None:
        """Let go of connections."""
        if self._cache is not None:
            with warnings.catch_warnings():
                # cashews (7.6) closes its client by an old name.
                warnings.simplefilter("ignore", DeprecationWarning)
                await self._cache.close()
