"""Is the process alive, and can it serve?"""

import asyncio

from fastapi import APIRouter, HTTPException
from sqlalchemy import text

from target_app.dependencies import DatabaseDep
from target_app.schemas.error import UNAVAILABLE
from target_app.schemas.health import Health

_DEADLINE_S = 1.0

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> Health:
    """Alive: no I/O is done."""
    return Health()


@router.get("/ready", responses=UNAVAILABLE)
async def ready(database: DatabaseDep) -> Health:
    """Ready: the database answered within a second."""
    try:
        async with asyncio.timeout(_DEADLINE_S), database.reading() as session:
            await session.execute(text("SELECT 1"))
    except TimeoutError:
        raise HTTPException(503, "The database did not answer in time", {"Retry-After": "1"}) from None
    return Health()
