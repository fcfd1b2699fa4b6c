"""Queries on items: a statement once, then the async and the sync way to run it.

Everybody sees the items without an owner; an owner also sees their own. A user changes only their own items; anonymous
requests, whose `owner_id` is None, change the items without an owner. `core` in a name means plain rows over a
connection, instead of mapped objects in a session.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningDelete, ReturningUpdate

from target_app.models import Item
from target_app.schemas.item import ItemCreate, ItemPage, ItemUpdate

_ITEMS = Item.__table__
_ONE_ROW = select(_ITEMS).where(_ITEMS.c.id == bindparam("item_id"), _ITEMS.c.owner_id.is_(None))


def visible_to(owner_id: int | None) -> ColumnElement[bool]:
    """The condition that selects the items that an owner sees."""
    free = Item.owner_id.is_(None)
    return free if owner_id is None else or_(free, Item.owner_id == owner_id)


def _own(item_id: int, owner_id: int | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    owned = Item.owner_id.is_(None) if owner_id is None else Item.owner_id == owner_id
    return Item.id == item_id, owned


def _one(item_id: int, owner_id: int | None) -> Select[Item]:
    return select(Item).where(Item.id == item_id, visible_to(owner_id))


def _page(page: ItemPage, owner_id: int | None) -> Select[Item]:
    column = getattr(Item, page.sort.removeprefix("-"))
    descending = page.sort.startswith("-")
    order = (column.desc(), Item.id.desc()) if descending else (column, Item.id)
    statement = (
        select(Item).where(visible_to(owner_id)).order_by(*order).limit(page.limit).offset(page.offset)
    )
    return statement.where(Item.name.icontains(page.q, autoescape=True)) if page.q else statement


def _first(limit: int) -> Select[Item]:
    return select(Item).where(visible_to(None)).order_by(Item.id).limit(limit)


def _change(item_id: int, owner_id: int | None, changes: dict[str, Any]) -> ReturningUpdate[Item]:
    return update(Item).where(*_own(item_id, owner_id)).values(changes).returning(Item)


def _mine(item_id: int, owner_id: int | None) -> Select[Item]:
    return select(Item).where(*_own(item_id, owner_id))


def _locked(item_id: int, owner_id: int | None) -> Select[Item]:
    return _mine(item_id, owner_id).with_for_update()


def _removal(item_id: int, owner_id: int | None) -> ReturningDelete[int]:
    return delete(Item).where(*_own(item_id, owner_id)).returning(Item.id)


async def list_page(session: AsyncSession, page: ItemPage, owner_id: int | None = None) -> Sequence[Item]:
    """One page of the items that match and the owner sees."""
    return (await session.scalars(_page(page, owner_id))).all()


def list_page_sync(session: Session, page: ItemPage, owner_id: int | None = None) -> Sequence[Item]:
    """One page of the items that match and the owner sees."""
    return session.scalars(_page(page, owner_id)).all()


async def list_first(session: AsyncSession, limit: int) -> Sequence[Item]:
    """The items without an owner that have the lowest ids."""
    return (await session.scalars(_first(limit))).all()


def list_first_sync(session: Session, limit: int) -> Sequence[Item]:
    """The items without an owner that have the lowest ids."""
    return session.scalars(_first(limit)).all()


async def read(session: AsyncSession, item_id: int, owner_id: int | None = None) -> Item | None:
    """The item of this id, if the owner sees it."""
    return await session.scalar(_one(item_id, owner_id))


def read_sync(session: Session, item_id: int, owner_id: int | None = None) -> Item | None:
    """The item of this id, if the owner sees it."""
    return session.scalar(_one(item_id, owner_id))


async def read_core(connection: AsyncConnection, item_id: int) -> Row[Any] | None:
    """The row of this id, if it has no owner."""
    return (await connection.execute(_ONE_ROW, {"item_id": item_id})).one_or_none()


def read_core_sync(connection: Connection, item_id: int) -> Row[Any] | None:
    """The row of this id, if it has no owner."""
    return connection.execute(_ONE_ROW, {"item_id": item_id}).one_or_none()


async def create(session: AsyncSession, data: ItemCreate, owner_id: int | None = None) -> Item:
    """A new item, with its id."""
    item = Item(**data.model_dump(), owner_id=owner_id)
    session.add(item)
    await session.flush()
    return item


def create_sync(session: Session, data: ItemCreate, owner_id: int | None = None) -> Item:
    """A new item, with its id."""
    item = Item(**data.model_dump(), owner_id=owner_id)
    session.add(item)
    session.flush()
    return item


async def read_own(session: AsyncSession, item_id: int, owner_id: int | None = None) -> Item | None:
    """The item of this id, if the owner may change it: nobody else does until the transaction ends."""
    return await session.scalar(_locked(item_id, owner_id))


def read_own_sync(session: Session, item_id: int, owner_id: int | None = None) -> Item | None:
    """The item of this id, if the owner may change it: nobody else does until the transaction ends."""
    return session.scalar(_locked(item_id, owner_id))


async def change(
    session: AsyncSession, item_id: int, data: ItemCreate | ItemUpdate, owner_id: int | None = None
) -> Item | None:
    """The item after the fields of `data` have replaced its own."""
    changes = data.model_dump()
    return await session.scalar(_change(item_id, owner_id, changes) if changes else _mine(item_id, owner_id))


def change_sync(
    session: Session, item_id: int, data: ItemCreate | ItemUpdate, owner_id: int | None = None
) -> Item | None:
    """The item after the fields of `data` have replaced its own."""
    changes = data.model_dump()
    return session.scalar(_change(item_id, owner_id, changes) if changes else _mine(item_id, owner_id))


async def remove(session: AsyncSession, item_id: int, owner_id: int | None = None) -> int | None:
    """The id of the deleted item, or None if there was no such item."""
    return await session.scalar(_removal(item_id, owner_id))


def remove_sync(session: Session, item_id: int, owner_id: int | None = None) -> int | None:
    """The id of the deleted item, or None if there was no such item."""
    return session.scalar(_removal(item_id, owner_id))
