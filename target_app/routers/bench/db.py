"""Rows from the database: ORM, Core and raw driver, async and sync."""

from typing import Annotated

from fastapi import Query

from target_app.crud import counters
from target_app.crud import items as crud
from target_app.dependencies import DatabaseDep, row_or_404
from target_app.routing import Router
from target_app.schemas.bench import Count
from target_app.schemas.error import NOT_FOUND, UNAVAILABLE
from target_app.schemas.item import INT32_MAX, ItemPublic

SeededId = Annotated[int, Query(alias="id", ge=1, le=INT32_MAX, description="The seeded item to read")]
ItemCount = Annotated[int, Query(ge=1, le=1000, description="How many items to read")]

router = Router(prefix="/bench/db", tags=["bench"], responses=UNAVAILABLE)


@router.get("/orm/async", responses=NOT_FOUND)
async def db_orm_async(database: DatabaseDep, item_id: SeededId = 1) -> ItemPublic:
    """One mapped object, through the async driver."""
    async with database.reading() as session:
        item = await crud.read(session, item_id)
    return ItemPublic.model_validate(row_or_404(item))


@router.get("/orm/sync", responses=NOT_FOUND)
def db_orm_sync(database: DatabaseDep, item_id: SeededId = 1) -> ItemPublic:
    """One mapped object, through the sync driver in a thread."""
    with database.reading_sync() as session:
        item = crud.read_sync(session, item_id)
    return ItemPublic.model_validate(row_or_404(item))


@router.get("/core/async", responses=NOT_FOUND)
async def db_core_async(database: DatabaseDep, item_id: SeededId = 1) -> ItemPublic:
    """One plain row, through the async driver."""
    async with database.reader.connect() as connection:
        row = await crud.read_core(connection, item_id)
    return ItemPublic.model_validate(row_or_404(row))


@router.get("/core/sync", responses=NOT_FOUND)
def db_core_sync(database: DatabaseDep, item_id: SeededId = 1) -> ItemPublic:
    """One plain row, through the sync driver in a thread."""
    with database.reader_sync.connect() as connection:
        row = crud.read_core_sync(connection, item_id)
    return ItemPublic.model_validate(row_or_404(row))


@router.get("/raw/async", responses=NOT_FOUND)
async def db_raw_async(database: DatabaseDep, item_id: SeededId = 1) -> ItemPublic:
    """One row, straight from the async driver."""
    return ItemPublic.model_validate(row_or_404(await database.raw.read_item(item_id)))


@router.get("/raw/sync", responses=NOT_FOUND)
def db_raw_sync(database: DatabaseDep, item_id: SeededId = 1) -> ItemPublic:
    """One row, straight from the sync driver, in a thread."""
    return ItemPublic.model_validate(row_or_404(database.raw.read_item_sync(item_id)))


@router.get("/misuse", responses=NOT_FOUND)
async def db_misuse(database: DatabaseDep, item_id: SeededId = 1) -> ItemPublic:
    """One mapped object, through the sync driver on the event loop, on purpose: others wait meanwhile."""
    with database.reading_sync() as session:
        item = crud.read_sync(session, item_id)
    return ItemPublic.model_validate(row_or_404(item))


@router.get("/list/async")
async def db_list_async(database: DatabaseDep, limit: ItemCount = 50) -> list[ItemPublic]:
    """The first items, through the async driver."""
    async with database.reading() as session:
        items = await crud.list_first(session, limit)
    return [ItemPublic.model_validate(item) for item in items]


@router.get("/list/sync")
def db_list_sync(database: DatabaseDep, limit: ItemCount = 50) -> list[ItemPublic]:
    """The first items, through the sync driver in a thread."""
    with database.reading_sync() as session:
        items = crud.list_first_sync(session, limit)
    return [ItemPublic.model_validate(item) for item in items]


@router.get("/counter")
@router.get("/counter/async")
async def read_counter(database: DatabaseDep) -> Count:
    """The counter, through the async driver."""
    async with database.reading() as session:
        return Count(value=await counters.read(session))


@router.get("/counter/sync")
def read_counter_sync(database: DatabaseDep) -> Count:
    """The counter, through the sync driver in a thread."""
    with database.reading_sync() as session:
        return Count(value=counters.read_sync(session))


@router.post("/counter/async")
async def increment_counter(database: DatabaseDep) -> Count:
    """Add one, through the async driver; the answer follows the commit."""
    async with database.writing.begin() as session:
        value = await counters.increment(session)
    return Count(value=value)


@router.post("/counter/sync")
def increment_counter_sync(database: DatabaseDep) -> Count:
    """Add one, through the sync driver in a thread; the answer follows the commit."""
    with database.writing_sync.begin() as session:
        value = counters.increment_sync(session)
    return Count(value=value)
