"""Alembic runs this module: it migrates over a given connection, or over one made from the settings."""

from alembic import context
from sqlalchemy import Connection

from target_app.engines import writing_engine
from target_app.migrations.start import wait_for_others
from target_app.models import Base
from target_app.settings import Settings


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


def _run() -> None:
    if context.is_offline_mode():
        context.configure(dialect_name=Settings().url.get_backend_name(), target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
        return
    handed = context.config.attributes.get("connection")
    if handed is not None:
        _migrate(handed)
        return
    engine = writing_engine(Settings())
    with engine.begin() as connection:
        wait_for_others(connection)
        _migrate(connection)
    engine.dispose()


_run()
