"""Items, the async way."""

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from target_app.crud import items as crud
from target_app.dependencies import (
    CacheDep,
    DatabaseDep,
    IfMatchDep,
    ItemId,
    ItemPageDep,
    OwnerDep,
    SlotDep,
    check_unchanged,
    row_or_404,
)
from target_app.routing import Router, from_root
from target_app.schemas.error import CHANGED, NOT_FOUND, UNAVAILABLE, UNREADABLE
from target_app.schemas.item import ItemCreate, ItemPublic, ItemUpdate

PREFIX = "/api/v1/items"

router = Router(prefix=PREFIX, tags=["items"], responses=UNAVAILABLE)


@router.get("")
async def list_items(page: ItemPageDep, database: DatabaseDep, owner: OwnerDep) -> list[ItemPublic]:
    """List the items whose name contains `q`, a page at a time."""
    async with database.reading() as session:
        items = await crud.list_page(session, page, owner)
    return [ItemPublic.model_validate(item) for item in items]


@router.post("", status_code=201, responses=UNREADABLE)
async def create_item(
    data: ItemCreate, database: DatabaseDep, owner: OwnerDep, request: Request, response: Response
) -> ItemPublic:
    """Create an item; its address is in `Location`."""
    async with database.writing.begin() as session:
        item = await crud.create(session, data, owner)
    response.headers["Location"] = from_root(request.scope, f"{PREFIX}/{item.id}")
    return ItemPublic.model_validate(item)


@router.get("/{item_id}", responses=NOT_FOUND)
async def read_item(item_id: ItemId, database: DatabaseDep, owner: OwnerDep, slot: SlotDep) -> ItemPublic:
    """Read one item."""
    if slot.found is not None:
        return slot.found
    async with database.reading() as session:
        item = await crud.read(session, item_id, owner)
    return slot.keep(ItemPublic.model_validate(row_or_404(item)))


@router.put("/{item_id}", responses=NOT_FOUND | CHANGED | UNREADABLE)
async def replace_item(
    item_id: ItemId,
    data: ItemCreate,
    database: DatabaseDep,
    owner: OwnerDep,
    cache: CacheDep,
    if_match: IfMatchDep = None,
) -> ItemPublic:
    """Replace an item; a description that is left out is removed."""
    async with database.writing.begin() as session:
        await _expect_unchanged(session, item_id, owner, if_match)
        item = await crud.change(session, item_id, data, owner)
    await cache.forget(item_id)
    return ItemPublic.model_validate(row_or_404(item))


@router.patch("/{item_id}", responses=NOT_FOUND | CHANGED | UNREADABLE)
async def update_item(
    item_id: ItemId,
    data: ItemUpdate,
    database: DatabaseDep,
    owner: OwnerDep,
    cache: CacheDep,
    if_match: IfMatchDep = None,
) -> ItemPublic:
    """Change some fields of an item."""
    async with database.writing.begin() as session:
        await _expect_unchanged(session, item_id, owner, if_match)
        item = await crud.change(session, item_id, data, owner)
    await cache.forget(item_id)
    return ItemPublic.model_validate(row_or_404(item))


@router.delete("/{item_id}", status_code=204, responses=NOT_FOUND | CHANGED)
async def delete_item(
    item_id: ItemId, database: DatabaseDep, owner: OwnerDep, cache: CacheDep, if_match: IfMatchDep = None
) -> None:
    """Delete an item."""
    async with database.writing.begin() as session:
        await _expect_unchanged(session, item_id, owner, if_match)
        removed = await crud.remove(session, item_id, owner)
    await cache.forget(item_id)
    row_or_404(removed)


async def _expect_unchanged(
    session: AsyncSession, item_id: int, owner: int | None, if_match: str | None
) -> None:
    if if_match is not None:
        check_unchanged(await crud.read_own(session, item_id, owner), if_match)
