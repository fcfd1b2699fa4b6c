"""The base class of all tables."""

from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The registry of tables."""
