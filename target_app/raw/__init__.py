"""Queries through the drivers, with pools and prepared statements: the baseline to measure SQLAlchemy by."""

from contextlib import AbstractAsyncContextManager

from target_app.raw import postgres, sqlite
from target_app.raw.model import Raw
from target_app.settings import Settings

__all__ = ["Raw", "open_pools"]


def open_pools(settings: Settings) -> AbstractAsyncContextManager[Raw]:
    """The queries for the database of the settings; the pools close when the block ends."""
    return postgres.open_pools(settings) if settings.backend == "postgres" else sqlite.open_pools(settings)
