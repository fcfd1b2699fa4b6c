"""The items that are there from the start; `python -m target_app.seed` writes them without a server."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from target_app.database import writing_engine
from target_app.models import Base, Item
from target_app.settings import Settings

_ADJECTIVES = ("amber", "brass", "copper", "dusky", "early", "folded", "grained", "hollow")
_NOUNS = (
    "anvil",
    "basket",
    "candle",
    "drawer",
    "easel",
    "flask",
    "globe",
    "hinge",
    "inkwell",
    "jar",
    "kettle",
)


def prepare(settings: Settings) -> None:
    """Make the tables and the seeded items that are missing; several processes may do so at once."""
    with _alone(settings.database_path):
        engine = writing_engine(settings)
        try:
            with engine.connect() as connection:
                # Before the transaction: the mode cannot change within one, and stays with the file.
                connection.connection.cursor().execute("PRAGMA journal_mode = WAL")
            with engine.begin() as connection:
                Base.metadata.create_all(connection)
                _insert_missing(connection, settings.seed_rows)
        finally:
            engine.dispose()


def row(item_id: int) -> dict[str, Any]:
    """The seeded item of this id, always the same."""
    adjective = _ADJECTIVES[item_id % len(_ADJECTIVES)]
    noun = _NOUNS[item_id % len(_NOUNS)]
    return {
        "id": item_id,
        "name": f"{adjective} {noun} {item_id}",
        "price": item_id * 37 % 10_000 / 100,
        "description": f"The {noun} with the number {item_id}." if item_id % 5 else None,
    }


def _insert_missing(connection: Connection, count: int) -> None:
    present = set(connection.scalars(select(Item.id).where(Item.id <= count)))
    missing = [row(item_id) for item_id in range(1, count + 1) if item_id not in present]
    if missing:
        connection.execute(insert(Item), missing)


@contextmanager
def _alone(database: Path) -> Iterator[None]:
    """Hold a lock beside the database; closing the database itself would drop the locks of SQLite."""
    with database.with_name(f"{database.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    settings = Settings()
    prepare(settings)
    print(f"{settings.database_path}: items 1 to {settings.seed_rows} are there")
