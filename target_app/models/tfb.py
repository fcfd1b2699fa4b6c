"""The two tables of TechEmpower's test types."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from target_app.models.base import Base

WORLDS = 10_000


class World(Base):
    """One of 10,000 rows with a number from 1 to 10,000."""

    __tablename__ = "world"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    random_number: Mapped[int] = mapped_column("randomnumber")


class Fortune(Base):
    """One of twelve sayings."""

    __tablename__ = "fortune"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message: Mapped[str] = mapped_column(String(2048))
