"""The table of reports."""

from sqlalchemy import Double, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from target_app.models.base import Base


class Report(Base):
    """The result of a background task on the items that its owner sees.

    One that is still pending at its `deadline_s`, in seconds since 1970, has failed.
    """

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(String(10))
    items: Mapped[int | None]
    mean_price: Mapped[float | None] = mapped_column(Double)
    deadline_s: Mapped[float | None] = mapped_column(Double)
