"""What a process reads and writes through, opened and closed by the lifespan, never at import."""

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
    # the server is gone, goes, comes, or is full; its pool is
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.TimeoutError,
    psycopg.OperationalError,
    sqlite3.OperationalError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server said farewell on an idle connection, which is used just then
    # asyncpg gives the errors of connecting as they are
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
"""What an exception is when the database cannot serve now, though it may later."""


@dataclass(frozen=True, slots=True)
class Database:
    """Ways to read and to write, each with its sync twin; `raw` goes to the drivers themselves."""

    reader: AsyncEngine
    reader_sync: Engine
    reading: async_sessionmaker[AsyncSession]
    writing: async_sessionmaker[AsyncSession]
    reading_sync: sessionmaker[Session]
    writing_sync: sessionmaker[Session]
    raw: raw.Raw


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Database]:
    """The database; a worker opens at most four times `pool_size` connections, each when it is first needed."""
    through = engines(settings)
    try:
        async with raw.opened(settings) as drivers:
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
