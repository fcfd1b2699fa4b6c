"""The table of items."""

from sqlalchemy import Double, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from target_app.models.base import Base


class Item(Base):
    """Something for sale, private to its owner or public; the id of a deleted item is never used again."""

    __tablename__ = "items"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    price: Mapped[float] = mapped_column(Double)
    description: Mapped[str | None] = mapped_column(String(1000), default=None)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True, default=None)
