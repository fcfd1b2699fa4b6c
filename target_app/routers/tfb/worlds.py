"""`db`, `queries`, `updates` and `cached-queries`: random rows of the table of worlds."""

from collections.abc import Iterable
from random import choices, randint, sample
from typing import Annotated

import orjson
from fastapi import Query, Response
from fastapi.responses import JSONResponse

from target_app.dependencies import DatabaseDep, WorldCacheDep
from target_app.models.tfb import WORLDS
from target_app.raw.model import WorldRow
from target_app.routing import Router
from target_app.schemas.error import UNAVAILABLE, Responses
from target_app.schemas.tfb import WorldPublic

_MOST = 500
_IDS = range(1, WORLDS + 1)
_ONE: Responses = {200: {"model": WorldPublic}}
_MANY: Responses = {200: {"model": list[WorldPublic]}}

RowCount = Annotated[
    str | None, Query(description="How many rows: 1 to 500, and 1 for whatever is no number")
]

router = Router(prefix="/tfb", tags=["tfb"])


@router.get("/db", response_class=JSONResponse, responses=_ONE | UNAVAILABLE)
async def tfb_db(database: DatabaseDep) -> Response:
    """A random row."""
    return _answer(_public(await database.raw.read_world(randint(1, WORLDS))))


@router.get("/queries", response_class=JSONResponse, responses=_MANY | UNAVAILABLE)
async def tfb_queries(database: DatabaseDep, queries: RowCount = None) -> Response:
    """Random rows, each by a query of its own."""
    return _page(await database.raw.read_worlds(sample(_IDS, row_count(queries))))


@router.get("/updates", response_class=JSONResponse, responses=_MANY | UNAVAILABLE)
async def tfb_updates(database: DatabaseDep, queries: RowCount = None) -> Response:
    """Random rows, each read, given a new number, and written back; in order of id, which rules out deadlocks."""
    ids = sorted(sample(_IDS, row_count(queries)))
    worlds = list(zip(ids, choices(_IDS, k=len(ids)), strict=True))
    await database.raw.update_worlds(worlds)
    return _page(worlds)


@router.get("/cached-queries", response_class=JSONResponse, responses=_MANY)
async def tfb_cached_queries(cache: WorldCacheDep, count: RowCount = None) -> Response:
    """Random rows, from the memory of this process."""
    return _page((world_id, cache[world_id]) for world_id in sample(_IDS, row_count(count)))


def row_count(text: str | None) -> int:
    """A count of rows, within 1 to 500 whatever was asked for."""
    try:
        return min(max(int(text or 1), 1), _MOST)
    except ValueError:
        return 1


def _public(world: WorldRow) -> dict[str, int]:
    return {"id": world[0], "randomNumber": world[1]}


def _page(worlds: Iterable[WorldRow]) -> Response:
    return _answer([_public(world) for world in worlds])


def _answer(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
