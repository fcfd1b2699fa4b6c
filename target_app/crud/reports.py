"""Queries on reports: async only, as no endpoint needs a sync twin."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from target_app.crud.items import visible_to
from target_app.models import Item, Report


async def create(session: AsyncSession, owner_id: int | None) -> Report:
    """A new report that is pending, with its id."""
    report = Report(owner_id=owner_id, status="pending")
    session.add(report)
    await session.flush()
    return report


async def read(session: AsyncSession, report_id: int, owner_id: int | None) -> Report | None:
    """The owner's report of this id."""
    statement = select(Report).where(Report.id == report_id, Report.owner_id.is_not_distinct_from(owner_id))
    return await session.scalar(statement)


async def summarise(session: AsyncSession, owner_id: int | None) -> tuple[int, float | None]:
    """The number of items that the owner sees, and their mean price."""
    statement = select(func.count(), func.avg(Item.price)).where(visible_to(owner_id))
    items, mean_price = (await session.execute(statement)).one()
    return items, mean_price


async def finish(
    session: AsyncSession, report_id: int, status: str, items: int | None, mean_price: float | None
) -> None:
    """Write the result of a report."""
    values = {"status": status, "items": items, "mean_price": mean_price}
    await session.execute(update(Report).where(Report.id == report_id).values(values))
