"""The seeded items are the same wherever and however often they are written."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from subprocess import PIPE, STDOUT
from threading import Thread

import psycopg
import pytest

from target_app import seed
from target_app.migrations import start
from target_app.settings import Settings

PROCESSES = 3
FIRST_ROWS = [
    (1, "brass basket 1", 0.37, "The basket with the number 1."),
    (2, "copper candle 2", 0.74, "The candle with the number 2."),
    (3, "dusky drawer 3", 1.11, "The drawer with the number 3."),
    (4, "early easel 4", 1.48, "The easel with the number 4."),
    (5, "folded flask 5", 1.85, None),
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "seeded here.db"


def settings(database: Path, rows: int) -> Settings:
    return Settings(database_url=f"sqlite:///{database}", seed_rows=rows)


def query(database: Path, statement: str) -> list[tuple[object, ...]]:
    """What SQLite itself says, past the application."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def all_rows(database: Path) -> list[tuple[object, ...]]:
    return query(database, "SELECT id, name, price, description FROM items ORDER BY id")


def test_rows_are_these(database: Path) -> None:
    seed.prepare(settings(database, 5))
    assert all_rows(database) == FIRST_ROWS
    assert query(database, "PRAGMA journal_mode") == [("wal",)]


@pytest.mark.parametrize(
    ("item_id", "price"),
    [
        pytest.param(270, 99.9, id="just below the turn"),
        pytest.param(271, 0.27, id="just beyond it"),
        pytest.param(10_000, 0.0, id="nothing left"),
        pytest.param(1_000_000, 0.0, id="the last"),
    ],
)
def test_prices_stay_below_a_hundred(item_id: int, price: float) -> None:
    assert seed.row(item_id)["price"] == price


def test_seeding_again_changes_nothing(database: Path) -> None:
    for _ in range(2):
        seed.prepare(settings(database, 5))
    assert all_rows(database) == FIRST_ROWS


def test_seeding_brings_back_what_is_missing_and_keeps_what_is_there(database: Path) -> None:
    seed.prepare(settings(database, 4))
    query(database, "DELETE FROM items WHERE id = 2")
    query(database, "UPDATE items SET name = 'changed' WHERE id = 3")
    query(database, "INSERT INTO items (id, name, price) VALUES (9, 'added', 1)")
    seed.prepare(settings(database, 5))
    changed = (3, "changed", *FIRST_ROWS[2][2:])
    assert all_rows(database) == [*FIRST_ROWS[:2], changed, *FIRST_ROWS[3:], (9, "added", 1.0, None)]


def test_no_rows_are_a_table_all_the_same(database: Path) -> None:
    seed.prepare(settings(database, 0))
    assert all_rows(database) == []


SEED_WHEN_TOLD = """
import sys
from target_app import seed
from target_app.settings import Settings
print("ready", flush=True)
for database in sys.stdin:
    seed.prepare(Settings(database_url=f"sqlite:///{database.strip()}", seed_rows=200))
    print("done", flush=True)
"""


def line_of(seeder: subprocess.Popen[str]) -> str:
    assert seeder.stdout is not None
    return seeder.stdout.readline()


def test_several_processes_at_once_leave_exactly_the_seeded_rows(tmp_path: Path) -> None:
    """They begin together, five times over, with databases that are not there yet."""
    databases = [tmp_path / f"{number}.db" for number in range(5)]
    seeders = [
        subprocess.Popen(
            [sys.executable, "-c", SEED_WHEN_TOLD], stdin=PIPE, stdout=PIPE, stderr=STDOUT, text=True
        )
        for _ in range(PROCESSES)
    ]
    try:
        said = [line_of(seeder) for seeder in seeders]
        for database in databases:
            for seeder in seeders:
                print(database, file=seeder.stdin, flush=True)
            said += [line_of(seeder) for seeder in seeders]
    finally:
        rest = [seeder.communicate()[0] for seeder in seeders]
    assert said == ["ready\n"] * PROCESSES + ["done\n"] * PROCESSES * len(databases), rest
    for database in databases:
        assert all_rows(database)[:5] == FIRST_ROWS
        assert [row[0] for row in all_rows(database)] == list(range(1, 201))


def test_one_process_at_a_time_prepares_a_database(database: Path) -> None:
    """Without turns the switch to WAL fails for one in two hundred: it does not wait for a lock."""
    seeder = Thread(target=seed.prepare, args=(settings(database, 5),))
    with database.with_name(f"{database.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        seeder.start()
        seeder.join(0.3)
        assert seeder.is_alive()
        assert not database.exists()
    seeder.join()
    assert all_rows(database) == FIRST_ROWS


def test_command_seeds_without_a_server(database: Path) -> None:
    env = os.environ | {"APP_DATABASE_URL": f"sqlite:///{database}", "APP_SEED_ROWS": "3"}
    said = subprocess.check_output([sys.executable, "-m", "target_app.seed"], env=env, text=True)
    assert said == f"{database}: items 1 to 3 are there\n"
    assert all_rows(database) == FIRST_ROWS[:3]


def test_a_worker_waits_as_long_as_another_one_prepares_postgres(postgres: str) -> None:
    late = Settings(database_url=postgres, seed_rows=5, lock_timeout_s=0.05, statement_timeout_s=0.05)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres) as first, psycopg.connect(postgres) as rows:
        first.execute("SELECT pg_advisory_xact_lock(%s)", (start._POSTGRES_LOCK,))
        prepared = pool.submit(seed.prepare, late)
        with pytest.raises(TimeoutError):
            prepared.result(0.5)
        first.rollback()
        prepared.result(30)
        assert (
            rows.execute("SELECT id, name, price, description FROM items ORDER BY id").fetchall()
            == FIRST_ROWS
        )
