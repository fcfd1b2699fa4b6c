"""asyncpg, and psycopg for its sync twin."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any

import asyncpg
import psycopg
from psycopg.rows import DictRow, dict_row
from sqlalchemy import QueuePool

from target_app.engines import postgres_limits
from target_app.raw.model import FORTUNES, ITEM, WORLD, FortuneRow, ItemRow, WorldRow
from target_app.settings import Settings

_ITEM, _ITEM_SYNC = f"{ITEM}$1", f"{ITEM}%s"
_WORLD = f"{WORLD}$1"
_UPDATE = "UPDATE world SET randomnumber = $2 WHERE id = $1"


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that is not reset on its return to the pool, as no query here changes its state.

    The reset would be a second round trip, as long as the query itself.
    """

    def get_reset_query(self) -> str:
        return ""


@asynccontextmanager
async def open_pools(settings: Settings) -> AsyncIterator["RawPostgres"]:
    """The pools connect on first use."""
    url = settings.url.set(drivername="postgresql").render_as_string(hide_password=False)

    limits = postgres_limits(settings)

    def connect() -> Any:
        return psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=ceil(settings.pool_timeout_s),
            options=" ".join(f"-c {name}={value}" for name, value in limits.items()),
            row_factory=dict_row,
        )

    sync_pool = QueuePool(
        connect,
        pool_size=settings.pool_size,
        max_overflow=0,
        timeout=settings.pool_timeout_s,
        reset_on_return=None,
    )
    try:
        async with asyncpg.create_pool(
            url,
            min_size=0,
            max_size=settings.pool_size,
            timeout=settings.pool_timeout_s,
            connection_class=_Connection,
            server_settings=limits,
        ) as pool:
            yield RawPostgres(pool, sync_pool, settings.pool_timeout_s)
    finally:
        sync_pool.dispose()


@dataclass(frozen=True, slots=True)
class RawPostgres:
    """asyncpg prepares each statement on first use and keeps it; psycopg does so on request."""

    pool: Any
    sync_pool: QueuePool
    timeout_s: float

    async def read_item(self, item_id: int) -> ItemRow | None:
        async with self._connection() as connection:
            row = await connection.fetchrow(_ITEM, item_id)
        return dict(row) if row else None

    def read_item_sync(self, item_id: int) -> ItemRow | None:
        pooled = self.sync_pool.connect()
        try:
            connection: psycopg.Connection[DictRow] = pooled.driver_connection  # type: ignore[assignment]
            return connection.execute(_ITEM_SYNC, (item_id,), prepare=True).fetchone()
        except psycopg.OperationalError:
            pooled.invalidate()
            raise
        finally:
            pooled.close()

    async def read_world(self, world_id: int) -> WorldRow:
        async with self._connection() as connection:
            row: WorldRow = await connection.fetchrow(_WORLD, world_id)
        return row

    async def read_worlds(self, ids: Sequence[int]) -> Sequence[WorldRow]:
        """One round trip: the queries are pipelined."""
        async with self._connection() as connection:
            rows: Sequence[WorldRow] = await connection.fetchmany(_WORLD, [(world_id,) for world_id in ids])
        return rows

    async def update_worlds(self, worlds: Sequence[WorldRow]) -> None:
        """Two round trips. Rows are locked in the given order, so callers that sort cannot deadlock each other."""
        async with self._connection() as connection:
            await connection.fetchmany(_WORLD, [(world_id,) for world_id, _ in worlds])
            await connection.executemany(_UPDATE, worlds)

    async def read_fortunes(self) -> Sequence[FortuneRow]:
        async with self._connection() as connection:
            rows: Sequence[FortuneRow] = await connection.fetch(FORTUNES)
        return rows

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        async with asyncio.timeout(self.timeout_s):  # the pool's own timeout costs a task per call
            connection = await self.pool.acquire()
        try:
            yield connection
        finally:
            await self.pool.release(connection)
