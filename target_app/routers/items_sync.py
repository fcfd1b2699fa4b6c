"""Items, the sync way: the same schemas and queries from plain functions, which run in threads."""

from fastapi import Request, Response
from sqlalchemy.orm import Session

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

PREFIX = "/api/v1/sync/items"

router = Router(prefix=PREFIX, tags=["items, sync"], responses=UNAVAILABLE)


@router.get("")
def list_items_sync(page: ItemPageDep, database: DatabaseDep, owner: OwnerDep) -> list[ItemPublic]:
    """List the items whose name contains `q`, a page at a time."""
    with database.reading_sync() as session:
        items = crud.list_page_sync(session, page, owner)
    return [ItemPublic.model_validate(item) for item in items]


@router.post("", status_code=201, responses=UNREADABLE)
def create_item_sync(
    data: ItemCreate, database: DatabaseDep, owner: OwnerDep, request: Request, response: Response
) -> ItemPublic:
    """Create an item; its address is in `Location`."""
    with database.writing_sync.begin() as session:
        item = crud.create_sync(session, data, owner)
    response.headers["Location"] = from_root(request.scope, f"{PREFIX}/{item.id}")
    return ItemPublic.model_validate(item)


@router.get("/{item_id}", responses=NOT_FOUND)
def read_item_sync(item_id: ItemId, database: DatabaseDep, owner: OwnerDep, slot: SlotDep) -> ItemPublic:
    """Read one item."""
    if slot.found is not None:
        return slot.found
    with database.reading_sync() as session:
        item = crud.read_sync(session, item_id, owner)
    return slot.keep(ItemPublic.model_validate(row_or_404(item)))


@router.put("/{item_id}", responses=NOT_FOUND | CHANGED | UNREADABLE)
def replace_item_sync(
    item_id: ItemId,
    data: ItemCreate,
    database: DatabaseDep,
    owner: OwnerDep,
    cache: CacheDep,
    if_match: IfMatchDep = None,
) -> ItemPublic:
    """Replace an item; a description that is left out is removed."""
    with database.writing_sync.begin() as session:
        _expect_unchanged(session, item_id, owner, if_match)
        item = crud.change_sync(session, item_id, data, owner)
    cache.forget_sync(item_id)
    return ItemPublic.model_validate(row_or_404(item))


@router.patch("/{item_id}", responses=NOT_FOUND | CHANGED | UNREADABLE)
def update_item_sync(
    item_id: ItemId,
    data: ItemUpdate,
    database: DatabaseDep,
    owner: OwnerDep,
    cache: CacheDep,
    if_match: IfMatchDep = None,
) -> ItemPublic:
    """Change some fields of an item."""
    with database.writing_sync.begin() as session:
        _expect_unchanged(session, item_id, owner, if_match)
        item = crud.change_sync(session, item_id, data, owner)
    cache.forget_sync(item_id)
    return ItemPublic.model_validate(row_or_404(item))


@router.delete("/{item_id}", status_code=204, responses=NOT_FOUND | CHANGED)
def delete_item_sync(
    item_id: ItemId, database: DatabaseDep, owner: OwnerDep, cache: CacheDep, if_match: IfMatchDep = None
) -> None:
    """Delete an item."""
    with database.writing_sync.begin() as session:
        _expect_unchanged(session, item_id, owner, if_match)
        removed = crud.remove_sync(session, item_id, owner)
    cache.forget_sync(item_id)
    row_or_404(removed)


def _expect_unchanged(session: Session, item_id: int, owner: int | None, if_match: str | None) -> None:
    if if_match is not None:
        check_unchanged(crud.read_own_sync(session, item_id, owner), if_match)
