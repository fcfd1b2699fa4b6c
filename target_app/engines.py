"""SQLAlchemy's engines for each kind of database: async and sync, for reading and for writing."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from target_app.settings import Settings

# A single statement sees one snapshot, so reading needs no BEGIN and ROLLBACK.
_READING = {"isolation_level": "AUTOCOMMIT"}
_READING_SQLITE = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines of one process, each with its sync twin."""

    reader: AsyncEngine
    writer: AsyncEngine
    reader_sync: Engine
    writer_sync: Engine

    async def dispose(self) -> None:
        """Close all connections."""
        await self.reader.dispose()
        await self.writer.dispose()
        self.reader_sync.dispose()
        self.writer_sync.dispose()


def engines(settings: Settings) -> Engines:
    """Engines that connect on first use."""
    return _postgres(settings) if settings.backend == "postgres" else _sqlite(settings)


def writing_engine(settings: Settings) -> Engine:
    """A sync engine of one connection whose transactions may write."""
    if settings.backend == "postgres":
        return _postgres_sync(settings, pool_size=1)
    engine = _sqlite_sync(settings, pool_size=1)
    _begin_immediately(engine)
    return engine


def _pool(settings: Settings) -> dict[str, Any]:
    """Of each pool; statements are logged without what they hold, such as the hashes of passwords."""
    return {"max_overflow": 0, "pool_timeout": settings.pool_timeout_s, "hide_parameters": True}


# --- PostgreSQL: readers and writers share a pool, as its connections are expensive --------------------


def _postgres(settings: Settings) -> Engines:
    url = settings.url.set(drivername="postgresql+asyncpg")
    connect_args = {"timeout": settings.pool_timeout_s, "server_settings": postgres_limits(settings)}
    writer = create_async_engine(
        url, pool_size=settings.pool_size, connect_args=connect_args, **_pool(settings)
    )
    writer_sync = _postgres_sync(settings, pool_size=settings.pool_size)
    return Engines(
        reader=writer.execution_options(**_READING),
        writer=writer,
        reader_sync=writer_sync.execution_options(**_READING),
        writer_sync=writer_sync,
    )


def postgres_limits(settings: Settings) -> dict[str, str]:
    """What each connection asks PostgreSQL for: to end statements that take too long, or wait too long for a lock."""
    return {
        "statement_timeout": f"{round(settings.statement_timeout_s * 1000)}",
        "lock_timeout": f"{round(settings.lock_timeout_s * 1000)}",
    }


def _postgres_sync(settings: Settings, pool_size: int) -> Engine:
    url = settings.url.set(drivername="postgresql+psycopg")
    limits = " ".join(f"-c {name}={value}" for name, value in postgres_limits(settings).items())
    connect_args = {"connect_timeout": ceil(settings.pool_timeout_s), "options": limits}
    return create_engine(url, pool_size=pool_size, connect_args=connect_args, **_pool(settings))


# --- SQLite: one writer at a time ----------------------------------------------------------------


def _sqlite(settings: Settings) -> Engines:
    """With one writing connection, the requests of a process queue for it in order.

    With more, all of them would poll for the lock of the file.
    """
    writer = _sqlite_async(settings, pool_size=1)
    _begin_immediately(writer.sync_engine)
    return Engines(
        reader=_sqlite_async(settings, pool_size=settings.pool_size, **_READING_SQLITE),
        writer=writer,
        reader_sync=_sqlite_sync(settings, pool_size=settings.pool_size, **_READING_SQLITE),
        writer_sync=writing_engine(settings),
    )


def _sqlite_async(settings: Settings, **options: Any) -> AsyncEngine:
    url = settings.url.set(drivername="sqlite+aiosqlite")
    engine = create_async_engine(url, **_pool(settings), **options)
    _set_up_connections(engine.sync_engine, settings)
    return engine


def _sqlite_sync(settings: Settings, **options: Any) -> Engine:
    url = settings.url.set(drivername="sqlite+pysqlite")
    engine = create_engine(url, **_pool(settings), **options)
    _set_up_connections(engine, settings)
    return engine


def sqlite_pragmas(settings: Settings) -> tuple[str, ...]:
    """The statements that set up each new connection."""
    return (
        f"PRAGMA busy_timeout = {round(settings.busy_timeout_s * 1000)}",
        "PRAGMA synchronous = NORMAL",
        "PRAGMA foreign_keys = ON",
    )


def _set_up_connections(engine: Engine, settings: Settings) -> None:
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # else the driver begins transactions itself, and deferred ones
        cursor = connection.cursor()
        for pragma in sqlite_pragmas(settings):
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine, "connect", set_up)


def _begin_immediately(engine: Engine) -> None:
    """Lock before reading: a deferred transaction that reads, then writes, fails or loses updates."""

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "begin", begin)
