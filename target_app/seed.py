"""The seeded rows; `python -m target_app.seed` writes them without a server."""

import fcntl
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, literal, select, text

from target_app.crud.counters import COUNTER_ID
from target_app.crud.users import SECRET_ID
from target_app.engines import writing_engine
from target_app.migrations.start import make_tables, wait_for_others
from target_app.models import Counter, Fortune, Item, Secret, World
from target_app.models.tfb import WORLDS
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
_MESSAGES = (
    "A queue is a promise to be kept later.",
    "The fastest request is the one nobody sends.",
    "Measure twice, optimise once.",
    "An average hides whoever had to wait.",
    "Ein Messwert ohne Streuung ist ein Gerücht.",
    '<script>alert("This must be shown, not run.");</script>',
    "A cache is a bet that nothing has changed.",
    "急がば回れ。",
    "Every timeout is a guess that somebody wrote down.",
    "Fish & chips taste best at 99 % load.",
    "Locks are quick; waiting for them is not.",
    "He who blocks the loop blocks us all.",
)
# Seeded ids are explicit, not drawn from the sequence: without this, the next id drawn would be taken.
_DRAW_LATER_IDS = text("""
    SELECT setval(name, greatest((SELECT max(id) FROM items), pg_sequence_last_value(name)))
    FROM (SELECT pg_get_serial_sequence('items', 'id')::regclass AS name) AS sequence
""")


def prepare(settings: Settings) -> None:
    """Bring the tables up to date, and make the missing seeded rows; several processes may do so at once."""
    engine = writing_engine(settings)
    try:
        if settings.backend == "postgres":
            _prepare_postgres(engine, settings)
        else:
            _prepare_sqlite(engine, settings)
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


def _fortune(fortune_id: int) -> dict[str, Any]:
    return {"id": fortune_id, "message": _MESSAGES[fortune_id - 1]}


def _secret(secret_id: int) -> dict[str, Any]:
    return {"id": secret_id, "value": secrets.token_urlsafe(48)}


def _prepare_postgres(engine: Engine, settings: Settings) -> None:
    with engine.begin() as connection:
        wait_for_others(connection)
        if _fill(connection, settings):
            connection.execute(_DRAW_LATER_IDS)


def _prepare_sqlite(engine: Engine, settings: Settings) -> None:
    with _file_lock(settings.database_path):
        with engine.connect() as connection:
            # Before the transaction: the mode cannot change within one, and stays with the file.
            connection.connection.cursor().execute("PRAGMA journal_mode = WAL")
        with engine.begin() as connection:
            _fill(connection, settings)


def _fill(connection: Connection, settings: Settings) -> bool:
    """Make the missing tables and rows; returns whether any were items."""
    make_tables(connection)
    new_items = _insert_missing(connection, Item, row, settings.seed_rows)
    if settings.bench:
        _insert_missing(connection, Counter, lambda counter_id: {"id": counter_id, "value": 0}, COUNTER_ID)
        _insert_missing_worlds(connection)
        _insert_missing(connection, Fortune, _fortune, len(_MESSAGES))
    _insert_missing(connection, Secret, _secret, SECRET_ID)
    return new_items


def _insert_missing(
    connection: Connection,
    model: type[Item | Counter | Fortune | Secret],
    made: Callable[[int], dict[str, Any]],
    count: int,
) -> bool:
    """Insert the missing rows among the ids 1 to `count`; returns whether there were any."""
    present = set(connection.scalars(select(model.id).where(model.id <= count)))
    missing = [made(row_id) for row_id in range(1, count + 1) if row_id not in present]
    if missing:
        connection.execute(insert(model), missing)
    return bool(missing)


def _insert_missing_worlds(connection: Connection) -> None:
    """The database counts to 10,000 itself: sending that many rows would be most of the time of a start."""
    numbers = select(literal(1).label("id")).cte(recursive=True)
    numbers = numbers.union_all(select(numbers.c.id + 1).where(numbers.c.id < WORLDS))
    made = select(numbers.c.id, numbers.c.id * 7919 % WORLDS + 1)
    missing = made.where(numbers.c.id.not_in(select(World.id)))
    connection.execute(insert(World).from_select([World.id, World.random_number], missing))


@contextmanager
def _file_lock(database: Path) -> Iterator[None]:
    """Hold a lock file next to the database; closing the database file itself would drop SQLite's own locks."""
    with database.with_name(f"{database.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    settings = Settings()
    prepare(settings)
    print(f"{settings.url.database}: items 1 to {settings.seed_rows} are there")
