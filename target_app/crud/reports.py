"""Queries on reports: async only, as no endpoint needs a sync twin."""

from __future__ import annotations

import time

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from target_app.crud.items import visible_to
from target_app.models import Item, Report

PENDING_S = 300.0
"""The time after which a report that is still pending has failed: its worker was killed."""


async def create(session: AsyncSession, owner_id: int | None) -> Report:
    """A new report that is pending, with its id."""
    report = Report(owner_id=owner_id, status="pending", deadline_s=time.time() + PENDING_S)
    session.add(report)
    await session.flush()
    return report


async def read(session: AsyncSession, report_id: int, owner_id: int | None) -> Report | None:
    """The owner's report of this id; one that nobody makes any more has failed."""
    statement = select(Report).where(Report.id == report_id, Report.owner_id.is_not_distinct_from(owner_id))
    report = await session.scalar(statement)
    if report is not None and report.status == "pending" and (report.deadline_s or 0.0) < time.time():
        session.expunge(report)  # what is read is not written
        report.status = "failed"
    return report


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
