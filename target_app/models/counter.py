"""The table of counters."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from target_app.models.base import Base


class Counter(Base):
    """A number that everybody adds to; the counter with the id 1 is seeded."""

    __tablename__ = "counters"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigInteger)
