"""Is the process alive, and can it serve?"""

import asyncio

from fastapi import HTTPException
from sqlalchemy import select

from target_app.dependencies import DatabaseDep, SettingsDep
from target_app.models import Item
from target_app.routing import Router
from target_app.schemas.error import UNAVAILABLE
from target_app.schemas.health import Health

_DEADLINE_S = 1.0

router = Router(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> Health:
    """Alive: no I/O is done."""
    return Health()


@router.get("/ready", responses=UNAVAILABLE)
async def ready(database: DatabaseDep, settings: SettingsDep) -> Health:
    """Ready: the database is there, and read from within a second."""
    # Open connections would go on reading a file that has lost its name.
    if settings.backend == "sqlite" and not settings.database_path.exists():
        raise _not_ready("The database is gone")
    try:
        async with asyncio.timeout(_DEADLINE_S), database.reading() as session:
            await session.execute(select(Item.id).limit(1))
    except TimeoutError:
        raise _not_ready("The database did not answer in time") from None
    return Health()


def _not_ready(why: str) -> HTTPException:
    return HTTPException(503, why, {"Retry-After": "1"})
