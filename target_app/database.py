"""The database sessions of a process: the lifespan opens and closes them, never an import."""

import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import psycopg
import sqlalchemy.exc
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

from target_app import raw
from target_app.engines import engines
from target_app.settings import Settings

UNAVAILABLE: tuple[type[Exception], ...] = (
    # the server is down, stopping, starting or full, or the pool is exhausted
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.TimeoutError,
    psycopg.OperationalError,
    sqlite3.OperationalError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server closed an idle connection just as it is used
    # asyncpg does not wrap the errors of connecting
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
"""The exceptions of a database that cannot serve now but may later."""


@dataclass(frozen=True, slots=True)
class Database:
    """Engines and session factories, each with its sync twin; `raw` uses the drivers directly."""

    reader: AsyncEngine
    reader_sync: Engine
    reading: async_sessionmaker[AsyncSession]
    writing: async_sessionmaker[AsyncSession]
    reading_sync: sessionmaker[Session]
    writing_sync: sessionmaker[Session]
    raw: raw.Raw


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The database for as long as the block lasts.

    A worker opens at most four times `pool_size` connections, each on first use.
    """
    through = engines(settings)
    try:
        async with raw.open_pools(settings) as drivers:
            yield Database(
                reader=through.reader,
                reader_sync=through.reader_sync,
                reading=async_sessionmaker(through.reader, expire_on_commit=False),
                writing=async_sessionmaker(through.writer, expire_on_commit=False),
                reading_sync=sessionmaker(through.reader_sync, expire_on_commit=False),
                writing_sync=sessionmaker(through.writer_sync, expire_on_commit=False),
                raw=drivers,
            )
    finally:
        await through.dispose()
