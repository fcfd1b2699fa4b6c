"""What endpoints ask for, named once.

All of them are coroutine functions, although they wait for nothing: FastAPI would send a plain function to a
thread and back, and every endpoint would pay for it. Endpoints open their own sessions, so that twins differ
in nothing but the session, and a connection goes back to the pool before the answer is written.
"""

from typing import Annotated, TypeVar

from fastapi import Depends, HTTPException, Path, Query, Request

from target_app.database import Database
from target_app.processes import Calculators
from target_app.schemas.item import INT32_MAX, ItemPage
from target_app.settings import Settings

T = TypeVar("T")
WorldCache = dict[int, int]


async def get_settings(request: Request) -> Settings:
    """The settings the application was made with."""
    settings: Settings = request.app.state.settings
    return settings


async def get_database(request: Request) -> Database:
    """The database that the lifespan opened."""
    database: Database = request.app.state.database
    return database


async def get_world_cache(request: Request) -> WorldCache:
    """The worlds that the lifespan read."""
    cache: WorldCache = request.app.state.world_cache
    return cache


async def get_calculators(request: Request) -> Calculators:
    """The processes to compute in, which the lifespan ends."""
    calculators: Calculators = request.app.state.calculators
    return calculators


SettingsDep = Annotated[Settings, Depends(get_settings)]
DatabaseDep = Annotated[Database, Depends(get_database)]
WorldCacheDep = Annotated[WorldCache, Depends(get_world_cache)]
CalculatorsDep = Annotated[Calculators, Depends(get_calculators)]
ItemId = Annotated[int, Path(ge=1, le=INT32_MAX)]
ItemPageDep = Annotated[ItemPage, Query()]


def found(item: T | None) -> T:
    """The item itself; raises a 404 where there is none."""
    if item is None:
        raise HTTPException(404, "There is no such item")
    return item
