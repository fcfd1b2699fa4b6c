"""Engines and session factories, opened and closed by the lifespan, never at import."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

from target_app.settings import Settings

_ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite"}
_SYNC_DRIVERS = {"sqlite": "sqlite+pysqlite"}

# A statement that reads sees one snapshot by itself, so reading does without BEGIN and ROLLBACK.
_READING = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}


@dataclass(frozen=True, slots=True)
class Database:
    """What one process reads and writes through, each with its sync twin.

    SQLite has one writer at a time. A pool of one writing connection makes the requests of a process queue
    for it in order, instead of all of them polling for the lock of the file.
    """

    reader: AsyncEngine
    reader_sync: Engine
    reading: async_sessionmaker[AsyncSession]
    writing: async_sessionmaker[AsyncSession]
    reading_sync: sessionmaker[Session]
    writing_sync: sessionmaker[Session]


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Database]:
    """The database, with engines that are disposed of at the end."""
    reader = _async_engine(settings, pool_size=settings.pool_size, **_READING)
    writer = _async_engine(settings, pool_size=1)
    reader_sync = _sync_engine(settings, pool_size=settings.pool_size, **_READING)
    writer_sync = writing_engine(settings)
    _begin_immediately(writer.sync_engine)
    try:
        yield Database(
            reader=reader,
            reader_sync=reader_sync,
            reading=async_sessionmaker(reader, expire_on_commit=False),
            writing=async_sessionmaker(writer, expire_on_commit=False),
            reading_sync=sessionmaker(reader_sync, expire_on_commit=False),
            writing_sync=sessionmaker(writer_sync, expire_on_commit=False),
        )
    finally:
        await reader.dispose()
        await writer.dispose()
        reader_sync.dispose()
        writer_sync.dispose()


def writing_engine(settings: Settings) -> Engine:
    """A sync engine of one connection, all of whose transactions may write."""
    engine = _sync_engine(settings, pool_size=1)
    _begin_immediately(engine)
    return engine


def _async_engine(settings: Settings, **options: Any) -> AsyncEngine:
    url = _with_driver(settings, _ASYNC_DRIVERS)
    engine = create_async_engine(url, max_overflow=0, pool_timeout=settings.pool_timeout_s, **options)
    _set_up_connections(engine.sync_engine, settings)
    return engine


def _sync_engine(settings: Settings, **options: Any) -> Engine:
    url = _with_driver(settings, _SYNC_DRIVERS)
    engine = create_engine(url, max_overflow=0, pool_timeout=settings.pool_timeout_s, **options)
    _set_up_connections(engine, settings)
    return engine


def _with_driver(settings: Settings, drivers: dict[str, str]) -> URL:
    url = make_url(settings.database_url)
    return url.set(drivername=drivers[url.drivername])


def _set_up_connections(engine: Engine, settings: Settings) -> None:
    pragmas = (
        f"PRAGMA busy_timeout = {round(settings.busy_timeout_s * 1000)}",
        "PRAGMA synchronous = NORMAL",
        "PRAGMA foreign_keys = ON",
    )

    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # or the driver begins transactions by itself, and deferred ones
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine, "connect", set_up)


def _begin_immediately(engine: Engine) -> None:
    """Lock before reading: a deferred transaction that reads, then writes, fails or loses updates."""

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "begin", begin)
