"""The queries that each driver answers."""

from collections.abc import Sequence
from typing import Any, Protocol

from target_app.schemas.item import ItemPublic

ItemRow = dict[str, Any]
WorldRow = tuple[int, int]
FortuneRow = tuple[int, str]

ITEM = f"SELECT {', '.join(ItemPublic.model_fields)} FROM items WHERE owner_id IS NULL AND id = "
WORLD = "SELECT id, randomnumber FROM world WHERE id = "
FORTUNES = "SELECT id, message FROM fortune"


class Raw(Protocol):
    """The same queries for each kind of database; a world is an id and a number, a fortune an id and a message."""

    async def read_item(self, item_id: int) -> ItemRow | None:
        """The item of this id."""

    def read_item_sync(self, item_id: int) -> ItemRow | None:
        """The item of this id."""

    async def read_world(self, world_id: int) -> WorldRow:
        """The world of this id, which must exist."""

    async def read_worlds(self, ids: Sequence[int]) -> Sequence[WorldRow]:
        """The worlds of these ids, one query for each."""

    async def update_worlds(self, worlds: Sequence[WorldRow]) -> None:
        """Read each of these worlds, then write its number, in the given order; all are written or none."""

    async def read_fortunes(self) -> Sequence[FortuneRow]:
        """All fortunes, in no particular order."""
