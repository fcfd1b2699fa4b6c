"""Queries on users, their API keys and the secret: async only, as all endpoints authenticate the same way."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from target_app.engines import writing_engine
from target_app.models import ApiKey, Secret, User
from target_app.schemas.text import plain_name
from target_app.schemas.user import UserPublic
from target_app.settings import Settings

SECRET_ID = 1

_PUBLIC = select(User.id, User.username)


async def create(session: AsyncSession, username: str, password_hash: str) -> User:
    """A new user, with an id. Raises IntegrityError if the name is taken."""
    user = User(username=username, password_hash=password_hash)
    session.add(user)
    await session.flush()
    return user


async def read_by_name(session: AsyncSession, username: str) -> User | None:
    """The user of this name, as it was given or as names are kept: some are older than that rule."""
    names = {username}
    with suppress(ValueError):
        names.add(plain_name(username))
    users = {
        user.username: user for user in await session.scalars(select(User).where(User.username.in_(names)))
    }
    return users.get(username) or next(iter(users.values()), None)


async def read_by_id(session: AsyncSession, user_id: int) -> UserPublic | None:
    """The user of this id."""
    row = (await session.execute(_PUBLIC.where(User.id == user_id))).one_or_none()
    return UserPublic.model_validate(row) if row else None


async def read_by_key_hash(session: AsyncSession, key_hash: str) -> UserPublic | None:
    """The user to whom the key of this hash belongs."""
    statement = _PUBLIC.join(ApiKey, ApiKey.user_id == User.id).where(ApiKey.key_hash == key_hash)
    row = (await session.execute(statement)).one_or_none()
    return UserPublic.model_validate(row) if row else None


async def lock(session: AsyncSession, user_id: int) -> None:
    """Make other transactions that lock this user wait until this one ends."""
    await session.execute(select(User.id).where(User.id == user_id).with_for_update())


async def count_keys(session: AsyncSession, user_id: int) -> int:
    """The number of keys of the user."""
    statement = select(func.count()).select_from(ApiKey).where(ApiKey.user_id == user_id)
    return await session.scalar(statement) or 0


async def list_keys(session: AsyncSession, user_id: int) -> Sequence[ApiKey]:
    """The keys of the user, oldest first."""
    return (await session.scalars(select(ApiKey).where(ApiKey.user_id == user_id).order_by(ApiKey.id))).all()


async def create_key(session: AsyncSession, user_id: int, name: str, key_hash: str) -> ApiKey:
    """A new key, with its id."""
    key = ApiKey(user_id=user_id, name=name, key_hash=key_hash)
    session.add(key)
    await session.flush()
    return key


async def remove_key(session: AsyncSession, user_id: int, key_id: int) -> int | None:
    """The id of the deleted key, or None if the user has no key of this id."""
    statement = delete(ApiKey).where(ApiKey.id == key_id, ApiKey.user_id == user_id).returning(ApiKey.id)
    return await session.scalar(statement)


def read_secret(settings: Settings) -> str:
    """The secret that all workers share, read over a connection of its own."""
    engine = writing_engine(settings)
    try:
        with engine.connect() as connection:
            return connection.scalars(select(Secret.value).where(Secret.id == SECRET_ID)).one()
    finally:
        engine.dispose()
