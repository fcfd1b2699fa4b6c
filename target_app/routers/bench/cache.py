"""A cached read: a hit, a miss that fills the cache, and a revalidation."""

from target_app.crud import items as crud
from target_app.dependencies import DatabaseDep, ItemId, SlotDep, row_or_404
from target_app.routing import Router
from target_app.schemas.error import NOT_FOUND, UNAVAILABLE
from target_app.schemas.item import ItemPublic

router = Router(prefix="/bench/cache", tags=["bench"], responses=UNAVAILABLE)


@router.get("/{item_id}", responses=NOT_FOUND)
async def cached_item(item_id: ItemId, database: DatabaseDep, slot: SlotDep) -> ItemPublic:
    """One item, from the cache where there is one; `X-Cache` says whether it was there."""
    if slot.found is not None:
        return slot.found
    async with database.reading() as session:
        item = await crud.read(session, item_id)
    return slot.keep(ItemPublic.model_validate(row_or_404(item)))
