"""aiosqlite, and sqlite3 for its sync twin; both keep their prepared statements."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiosqlite
from sqlalchemy import QueuePool

from target_app.engines import sqlite_pragmas
from target_app.raw.model import FORTUNES, ITEM, WORLD, FortuneRow, ItemRow, WorldRow
from target_app.settings import Settings

_ITEM = f"{ITEM}?"
_WORLD = f"{WORLD}?"
_UPDATE = "UPDATE world SET randomnumber = ? WHERE id = ?"


@asynccontextmanager
async def open_pools(settings: Settings) -> AsyncIterator["RawSqlite"]:
    """The pools connect on first use."""
    sync_pool = QueuePool(
        lambda: _connect(settings),
        pool_size=settings.pool_size,
        max_overflow=0,
        timeout=settings.pool_timeout_s,
        reset_on_return=None,
    )
    try:
        async with _Pool(settings, settings.pool_size) as readers, _Pool(settings, 1) as writers:
            yield RawSqlite(readers, writers, sync_pool)
    finally:
        sync_pool.dispose()


def _connect(settings: Settings) -> Any:
    connection = sqlite3.connect(settings.database_path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    for pragma in sqlite_pragmas(settings):
        connection.execute(pragma)
    return connection


@dataclass(slots=True)
class _Pool:
    """Connections of aiosqlite, each with its thread; the last one used is used next."""

    settings: Settings
    size: int
    _free: asyncio.LifoQueue[aiosqlite.Connection | None] = field(default_factory=asyncio.LifoQueue)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> "_Pool":
        for _ in range(self.size):
            self._free.put_nowait(None)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._open.aclose()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[aiosqlite.Connection]:
        """An exclusive connection; raises TimeoutError when none is free in time."""
        async with asyncio.timeout(self.settings.pool_timeout_s):
            connection = await self._free.get()
        try:
            connection = connection or await self._connect()
            yield connection
        finally:
            self._free.put_nowait(connection)

    async def _connect(self) -> aiosqlite.Connection:
        connection = await self._open.enter_async_context(
            aiosqlite.connect(self.settings.database_path, isolation_level=None)
        )
        connection.row_factory = sqlite3.Row
        for pragma in sqlite_pragmas(self.settings):
            await connection.execute(pragma)
        return connection


@dataclass(frozen=True, slots=True)
class RawSqlite:
    """Each call is a hop to the thread of a connection, so queries go together where they can."""

    readers: _Pool
    writers: _Pool
    sync_pool: QueuePool

    async def read_item(self, item_id: int) -> ItemRow | None:
        rows = await self._fetch(_ITEM, (item_id,))
        return dict(rows[0]) if rows else None

    def read_item_sync(self, item_id: int) -> ItemRow | None:
        with self._sync_connection() as connection:
            row = connection.execute(_ITEM, (item_id,)).fetchone()
        return dict(row) if row else None

    async def read_world(self, world_id: int) -> WorldRow:
        (row,) = await self._fetch(_WORLD, (world_id,))
        return row[0], row[1]

    async def read_worlds(self, ids: Sequence[int]) -> Sequence[WorldRow]:
        async with self.readers.connection() as connection:
            return await _read_each(connection, ids)

    async def update_worlds(self, worlds: Sequence[WorldRow]) -> None:
        async with self.writers.connection() as connection:
            await connection.execute("BEGIN IMMEDIATE")
            try:
                await _read_each(connection, [world_id for world_id, _ in worlds])
                await connection.executemany(_UPDATE, [(number, world_id) for world_id, number in worlds])
            except BaseException:
                await connection.rollback()
                raise
            await connection.commit()

    async def read_fortunes(self) -> Sequence[FortuneRow]:
        return await self._fetch(FORTUNES)

    async def _fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        async with self.readers.connection() as connection:
            return list(await connection.execute_fetchall(sql, parameters))

    @contextmanager
    def _sync_connection(self) -> Iterator[sqlite3.Connection]:
        pooled = self.sync_pool.connect()
        try:
            yield pooled.driver_connection  # type: ignore[misc]
        finally:
            pooled.close()


async def _read_each(connection: aiosqlite.Connection, ids: Sequence[int]) -> list[WorldRow]:
    rows: list[Any] = []
    for world_id in ids:
        rows += await connection.execute_fetchall(_WORLD, (world_id,))
    return rows
