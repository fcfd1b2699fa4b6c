"""Queries on items: a statement once, then the async and the sync way to run it.

`core` in a name means plain rows over a connection, instead of mapped objects in a session.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningDelete, ReturningUpdate

from target_app.models import Item
from target_app.schemas.item import ItemCreate, ItemPage, ItemUpdate

_ONE_ROW = select(Item.__table__).where(Item.__table__.c.id == bindparam("item_id"))


def _page(page: ItemPage) -> Select[Item]:
    column = getattr(Item, page.sort.removeprefix("-"))
    descending = page.sort.startswith("-")
    order = (column.desc(), Item.id.desc()) if descending else (column, Item.id)
    statement = select(Item).order_by(*order).limit(page.limit).offset(page.offset)
    return statement.where(Item.name.icontains(page.q, autoescape=True)) if page.q else statement


def _first(limit: int) -> Select[Item]:
    return select(Item).order_by(Item.id).limit(limit)


def _change(item_id: int, changes: dict[str, Any]) -> ReturningUpdate[Item]:
    return update(Item).where(Item.id == item_id).values(changes).returning(Item)


def _removal(item_id: int) -> ReturningDelete[int]:
    return delete(Item).where(Item.id == item_id).returning(Item.id)


async def list_page(session: AsyncSession, page: ItemPage) -> Sequence[Item]:
    """One page of the items that match."""
    return (await session.scalars(_page(page))).all()


def list_page_sync(session: Session, page: ItemPage) -> Sequence[Item]:
    """One page of the items that match."""
    return session.scalars(_page(page)).all()


async def list_first(session: AsyncSession, limit: int) -> Sequence[Item]:
    """The items with the lowest ids."""
    return (await session.scalars(_first(limit))).all()


def list_first_sync(session: Session, limit: int) -> Sequence[Item]:
    """The items with the lowest ids."""
    return session.scalars(_first(limit)).all()


async def read(session: AsyncSession, item_id: int) -> Item | None:
    """The item of this id."""
    return await session.get(Item, item_id)


def read_sync(session: Session, item_id: int) -> Item | None:
    """The item of this id."""
    return session.get(Item, item_id)


async def read_core(connection: AsyncConnection, item_id: int) -> Row[Any] | None:
    """The row of this id."""
    return (await connection.execute(_ONE_ROW, {"item_id": item_id})).one_or_none()


def read_core_sync(connection: Connection, item_id: int) -> Row[Any] | None:
    """The row of this id."""
    return connection.execute(_ONE_ROW, {"item_id": item_id}).one_or_none()


async def create(session: AsyncSession, data: ItemCreate) -> Item:
    """A new item, with its id."""
    item = Item(**data.model_dump())
    session.add(item)
    await session.flush()
    return item


def create_sync(session: Session, data: ItemCreate) -> Item:
    """A new item, with its id."""
    item = Item(**data.model_dump())
    session.add(item)
    session.flush()
    return item


async def change(session: AsyncSession, item_id: int, data: ItemCreate | ItemUpdate) -> Item | None:
    """The item with the fields of `data` written over its own."""
    changes = data.model_dump()
    return await session.scalar(_change(item_id, changes)) if changes else await read(session, item_id)


def change_sync(session: Session, item_id: int, data: ItemCreate | ItemUpdate) -> Item | None:
    """The item with the fields of `data` written over its own."""
    changes = data.model_dump()
    return session.scalar(_change(item_id, changes)) if changes else read_sync(session, item_id)


async def remove(session: AsyncSession, item_id: int) -> int | None:
    """The id of the item that is gone now, or None where there was none."""
    return await session.scalar(_removal(item_id))


def remove_sync(session: Session, item_id: int) -> int | None:
    """The id of the item that is gone now, or None where there was none."""
    return session.scalar(_removal(item_id))
