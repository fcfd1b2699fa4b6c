"""Brings the tables of a database to what the code knows, when the app starts."""

from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, text

from target_app.models import Base

HEAD = "0002"
"""The newest step. It stands here as well, as to read it from the steps would load Alembic at each start."""
_FIRST = "0001"
_CHANGED = {"reports"}
"""The tables of the first step that a later one changes."""
_TABLE = "alembic_version"


_TAKE_TIME = text("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
"""The limits of requests are none for a start: it waits for another worker's, which may fill large tables."""
_WAIT_FOR_TABLES = text("SET LOCAL lock_timeout TO DEFAULT")
"""For the lock of a table that limit holds again: requests that come after us would all wait behind us."""
_POSTGRES_LOCK = 7_201_116
"""An arbitrary number that no other user of the database locks."""


def wait_for_others(connection: Connection) -> None:
    """Let nobody else change tables or seed them until the transaction ends; SQLite's own transactions do."""
    if connection.dialect.name == "postgresql":
        connection.execute(_TAKE_TIME)
        connection.execute(select(func.pg_advisory_xact_lock(_POSTGRES_LOCK)))
        connection.execute(_WAIT_FOR_TABLES)


def make_tables(connection: Connection) -> None:
    """Make the tables of an empty database; of an older one, take the steps that it lacks.

    The caller sees to it that only one process does so at a time. Tables without a version were made before versions
    were kept, by the first step or by still older code, which lacked some of them. Raises RuntimeError for a database
    that is newer than the code.
    """
    present = set(inspect(connection).get_table_names())
    if not present & set(Base.metadata.tables):
        Base.metadata.create_all(connection)
        _stamp(connection, HEAD)
        return
    if _TABLE not in present:
        Base.metadata.create_all(connection)  # those that it lacks
        _stamp(connection, _FIRST if _CHANGED & present else HEAD)
    version = connection.scalar(text(f"SELECT version_num FROM {_TABLE}"))
    if version != HEAD:
        _upgrade(connection, version)


def _stamp(connection: Connection, version: str) -> None:
    """Note the version as Alembic does."""
    connection.execute(
        text(f"CREATE TABLE IF NOT EXISTS {_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    )
    connection.execute(text(f"DELETE FROM {_TABLE}"))
    connection.execute(text(f"INSERT INTO {_TABLE} VALUES (:version)"), {"version": version})


def _upgrade(connection: Connection, version: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    try:
        ScriptDirectory.from_config(config).get_revision(version)
    except CommandError:
        raise RuntimeError(
            f"the database is at version {version}, which this code, at {HEAD}, does not know: "
            "start the code that it was made by, or a newer one"
        ) from None
    command.upgrade(config, "head")
