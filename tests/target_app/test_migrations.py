"""Migrations lead to the very tables that `create_all` makes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from target_app import seed
from target_app.engines import writing_engine
from target_app.migrations.start import HEAD, make_tables
from target_app.models import Base
from target_app.settings import Settings
from tests.target_app.settings import settings_of

MIGRATIONS = Path(__file__).parents[2] / "target_app" / "migrations"


def alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def described(connection: Connection) -> dict[str, Any]:
    """Every table but Alembic's own, as the database itself describes it."""
    names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return {name: " ".join(sql.replace('"', "").split()) for name, sql in rows if name in names}
    columns = text(
        "SELECT column_name, data_type, character_maximum_length, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = 'public' AND table_name = :name "
        "ORDER BY ordinal_position"
    )
    constraints = text(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = CAST(:name AS regclass) ORDER BY 1"
    )
    indexes = text("SELECT indexdef FROM pg_indexes WHERE tablename = :name ORDER BY 1")
    return {
        name: [
            [tuple(row) for row in connection.execute(query, {"name": name})]
            for query in (columns, constraints, indexes)
        ]
        for name in names
    }


def test_migrations_make_what_create_all_makes(database_url: str) -> None:
    engine = writing_engine(Settings(database_url=database_url))
    try:
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            wanted = described(connection)
            Base.metadata.drop_all(connection)
            command.upgrade(alembic(connection), "head")
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
            assert described(connection) == wanted
            assert sorted(wanted) == sorted(Base.metadata.tables)
    finally:
        engine.dispose()


def test_migrations_can_be_taken_back(database_url: str) -> None:
    engine = writing_engine(Settings(database_url=database_url))
    try:
        with engine.begin() as connection:
            command.upgrade(alembic(connection), "head")
            command.downgrade(alembic(connection), "base")
            assert described(connection) == {}
    finally:
        engine.dispose()


def test_the_settings_say_where_to_migrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_DATABASE_URL", f"sqlite:///{tmp_path}/migrated.db")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, "head")
    engine = writing_engine(Settings())
    with engine.connect() as connection:
        assert set(described(connection)) == set(Base.metadata.tables)
    engine.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = writing_engine(Settings(database_url=database_url))
    yield made
    made.dispose()


def at(connection: Connection, version: str) -> None:
    """A database as it was at a version."""
    command.upgrade(alembic(connection), version)


def version_of(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def test_the_newest_step_is_known_without_alembic(engine: Engine) -> None:
    with engine.begin() as connection:
        assert ScriptDirectory.from_config(alembic(connection)).get_current_head() == HEAD


def test_an_empty_database_is_at_the_newest_step_so_that_alembic_goes_on_from_there(engine: Engine) -> None:
    with engine.begin() as connection:
        make_tables(connection)
        wanted = described(connection)
        command.upgrade(alembic(connection), "head")
        assert (described(connection), version_of(connection)) == (wanted, HEAD)


@pytest.mark.parametrize(
    "is_noted", [True, False], ids=["by alembic", "by create_all, before versions were kept"]
)
def test_an_older_one_keeps_its_rows(is_noted: bool, engine: Engine) -> None:
    with engine.begin() as connection:
        at(connection, "0001")
        if not is_noted:
            connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("INSERT INTO reports (id, status) VALUES (7, 'pending')"))
        make_tables(connection)
        assert version_of(connection) == HEAD
        assert connection.execute(text("SELECT id, status, deadline_s FROM reports")).all() == [
            (7, "pending", None)
        ]
        upgraded = described(connection)
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
        assert described(connection) == upgraded


@pytest.mark.parametrize("lacking", ["secrets", "reports", "fortune"])
def test_one_of_before_versions_were_kept_gets_the_tables_that_it_lacks(lacking: str, engine: Engine) -> None:
    with engine.begin() as connection:
        at(connection, "0001")
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text(f"DROP TABLE {lacking}"))
        make_tables(connection)
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert version_of(connection) == HEAD


def test_a_newer_one_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        make_tables(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(RuntimeError, match="is at version 9999"):
            make_tables(connection)


def test_several_workers_start_over_an_older_one(database_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        at(connection, "0001")
    settings = settings_of(database_url=database_url, seed_rows=5)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(seed.prepare, [settings] * 4))
    with engine.begin() as connection:
        assert version_of(connection) == HEAD
        assert connection.scalar(text("SELECT count(*) FROM items")) == 5
