"""Queries over the drivers themselves, with pools and prepared statements: what SQLAlchemy can be measured against."""

from contextlib import AbstractAsyncContextManager

from target_app.raw import postgres, sqlite
from target_app.raw.model import Raw
from target_app.settings import Settings

__all__ = ["Raw", "opened"]


def opened(settings: Settings) -> AbstractAsyncContextManager[Raw]:
    """The queries for the kind of database that the settings name, with pools that are closed at the end."""
    return postgres.opened(settings) if settings.backend == "postgres" else sqlite.opened(settings)
