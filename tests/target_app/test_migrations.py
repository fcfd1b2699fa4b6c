"""Migrations lead to the very tables that `create_all` makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from target_app.engines import writing_engine
from target_app.models import Base
from target_app.settings import Settings

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
        return {name: " ".join(sql.split()) for name, sql in rows if name in names}
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
