"""Items, the sync way: the same schemas and queries from plain functions, which run in threads."""

from fastapi import Response

from target_app.crud import items as crud
from target_app.dependencies import DatabaseDep, ItemId, ItemPageDep, found
from target_app.routing import Router
from target_app.schemas.error import NOT_FOUND, UNAVAILABLE, UNREADABLE
from target_app.schemas.item import ItemCreate, ItemPublic, ItemUpdate

PREFIX = "/api/v1/sync/items"

router = Router(prefix=PREFIX, tags=["items, sync"], responses=UNAVAILABLE)


@router.get("")
def list_items_sync(page: ItemPageDep, database: DatabaseDep) -> list[ItemPublic]:
    """List the items whose name contains `q`, a page at a time."""
    with database.reading_sync() as session:
        items = crud.list_page_sync(session, page)
    return [ItemPublic.model_validate(item) for item in items]


@router.post("", status_code=201, responses=UNREADABLE)
def create_item_sync(data: ItemCreate, database: DatabaseDep, response: Response) -> ItemPublic:
    """Create an item; its address is in `Location`."""
    with database.writing_sync.begin() as session:
        item = crud.create_sync(session, data)
    response.headers["Location"] = f"{PREFIX}/{item.id}"
    return ItemPublic.model_validate(item)


@router.get("/{item_id}", responses=NOT_FOUND)
def read_item_sync(item_id: ItemId, database: DatabaseDep) -> ItemPublic:
    """Read one item."""
    with database.reading_sync() as session:
        item = crud.read_sync(session, item_id)
    return ItemPublic.model_validate(found(item))


@router.put("/{item_id}", responses=NOT_FOUND | UNREADABLE)
def replace_item_sync(item_id: ItemId, data: ItemCreate, database: DatabaseDep) -> ItemPublic:
    """Replace an item; a description that is left out is removed."""
    with database.writing_sync.begin() as session:
        item = crud.change_sync(session, item_id, data)
    return ItemPublic.model_validate(found(item))


@router.patch("/{item_id}", responses=NOT_FOUND | UNREADABLE)
def update_item_sync(item_id: ItemId, data: ItemUpdate, database: DatabaseDep) -> ItemPublic:
    """Change some fields of an item."""
    with database.writing_sync.begin() as session:
        item = crud.change_sync(session, item_id, data)
    return ItemPublic.model_validate(found(item))


@router.delete("/{item_id}", status_code=204, responses=NOT_FOUND)
def delete_item_sync(item_id: ItemId, database: DatabaseDep) -> None:
    """Delete an item."""
    with database.writing_sync.begin() as session:
        removed = crud.remove_sync(session, item_id)
    found(removed)
