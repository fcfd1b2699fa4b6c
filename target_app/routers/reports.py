"""Reports, made in the background after the response."""

import logging

from fastapi import BackgroundTasks, Request, Response

from target_app.crud import reports as crud
from target_app.database import Database
from target_app.dependencies import DatabaseDep, OwnerDep, RowId, row_or_404
from target_app.routing import Router, from_root
from target_app.schemas.error import NOT_FOUND, UNAVAILABLE
from target_app.schemas.report import ReportPublic

PREFIX = "/reports"

_log = logging.getLogger(__name__)

router = Router(prefix=PREFIX, tags=["reports"], responses=UNAVAILABLE)


@router.post("", status_code=202)
async def create_report(
    database: DatabaseDep, owner: OwnerDep, tasks: BackgroundTasks, request: Request, response: Response
) -> ReportPublic:
    """Ask for a report on the items that you see; its address is in `Location`."""
    async with database.writing.begin() as session:
        report = await crud.create(session, owner)
    tasks.add_task(_make, database, report.id, owner)
    response.headers["Location"] = from_root(request.scope, f"{PREFIX}/{report.id}")
    return ReportPublic.model_validate(report)


@router.get("/{report_id}", responses=NOT_FOUND)
async def read_report(report_id: RowId, database: DatabaseDep, owner: OwnerDep) -> ReportPublic:
    """Read a report of yours, be it done or not."""
    async with database.reading() as session:
        report = await crud.read(session, report_id, owner)
    return ReportPublic.model_validate(row_or_404(report, "There is no such report"))


async def _make(database: Database, report_id: int, owner: int | None) -> None:
    items: int | None
    try:
        async with database.reading() as session:
            items, mean_price = await crud.summarise(session, owner)
        status = "done"
    except Exception:
        _log.exception("report %d", report_id)
        status, items, mean_price = "failed", None, None
    async with database.writing.begin() as session:
        await crud.finish(session, report_id, status, items, mean_price)
