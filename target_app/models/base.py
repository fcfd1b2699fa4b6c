"""What all tables share."""

from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The registry of tables."""
