"""The dependencies of the endpoints, each named once.

All of them are coroutine functions, although they wait for nothing: FastAPI runs a plain function in a thread,
and every endpoint would pay for the hop. Endpoints open their own sessions, so that twins differ only in the
session, and a connection returns to the pool before the response is written.
"""

from collections.abc import AsyncIterator
from typing import Annotated, TypeVar

from fastapi import Depends, Header, HTTPException, Path, Query, Request, Response
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer
from redis.asyncio import Redis

from target_app.cache import ItemCache, Slot
from target_app.crud import users
from target_app.database import Database
from target_app.entity_tags import is_named, tag_of
from target_app.models import Item
from target_app.processes import Calculators
from target_app.schemas.item import INT32_MAX, ItemPage, ItemPublic
from target_app.schemas.user import UserPublic
from target_app.security import Passwords, Signer, key_hash
from target_app.settings import Settings

T = TypeVar("T")
WorldCache = dict[int, int]


async def get_settings(request: Request) -> Settings:
    """The settings of the application."""
    settings: Settings = request.app.state.settings
    return settings


async def get_database(request: Request) -> Database:
    """The database that the lifespan opened."""
    database: Database = request.app.state.database
    return database


async def get_world_cache(request: Request) -> WorldCache:
    """The worlds that the lifespan read."""
    cache: WorldCache = request.app.state.world_cache
    return cache


async def get_calculators(request: Request) -> Calculators:
    """The worker processes for computations, which the lifespan ends."""
    calculators: Calculators = request.app.state.calculators
    return calculators


SettingsDep = Annotated[Settings, Depends(get_settings)]
DatabaseDep = Annotated[Database, Depends(get_database)]
WorldCacheDep = Annotated[WorldCache, Depends(get_world_cache)]
CalculatorsDep = Annotated[Calculators, Depends(get_calculators)]
RowId = Annotated[int, Path(ge=1, le=INT32_MAX)]
ItemId = RowId
IfMatchDep = Annotated[
    str | None, Header(description="Change the item only if it still has one of these ETags")
]
ItemPageDep = Annotated[ItemPage, Query()]


async def get_passwords(request: Request) -> Passwords:
    """The hasher of passwords."""
    passwords: Passwords = request.app.state.passwords
    return passwords


async def get_signer(request: Request) -> Signer:
    """The signer of tokens."""
    signer: Signer = request.app.state.signer
    return signer


async def get_cache(request: Request) -> ItemCache:
    """The cache of items, which caches nothing when it is off."""
    cache: ItemCache = request.app.state.cache
    return cache


async def get_redis(request: Request) -> Redis | None:
    """The Redis client, or None if nothing is kept in Redis."""
    redis: Redis | None = request.app.state.redis
    return redis


async def get_slot(item_id: ItemId, request: Request, response: Response) -> AsyncIterator[Slot]:
    """The slot of an item in the cache; `X-Cache` says whether the item was there."""
    cache: ItemCache = request.app.state.cache
    async with cache.slot(item_id) as slot:
        if slot.state is not None:
            response.headers["X-Cache"] = slot.state
        yield slot


PasswordsDep = Annotated[Passwords, Depends(get_passwords)]
SignerDep = Annotated[Signer, Depends(get_signer)]
CacheDep = Annotated[ItemCache, Depends(get_cache)]
RedisDep = Annotated[Redis | None, Depends(get_redis)]
SlotDep = Annotated[Slot, Depends(get_slot, scope="function")]


async def authenticate(
    request: Request,
    response: Response,
    database: DatabaseDep,
    signer: SignerDep,
    token: Annotated[str | None, Depends(OAuth2PasswordBearer("auth/token", auto_error=False))],
    key: Annotated[str | None, Depends(APIKeyHeader(name="X-API-Key", auto_error=False))],
) -> UserPublic | None:
    """The user of the request's key or token, or None without either; raises a 401 if they are not valid."""
    if token is None and key is None:
        return None
    user = (
        await _read_by_key(database, key)
        if key is not None
        else await _read_by_token(database, signer, token or "")
    )
    if user is None:
        raise _unauthorized()
    response.headers["Cache-Control"] = "no-store"
    request.scope["owner_id"] = user.id
    return user


async def _read_by_key(database: Database, key: str) -> UserPublic | None:
    async with database.reading() as session:
        return await users.read_by_key_hash(session, key_hash(key))


async def _read_by_token(database: Database, signer: Signer, token: str) -> UserPublic | None:
    user_id = signer.user_id(token)
    if user_id is None:
        return None
    async with database.reading() as session:
        return await users.read_by_id(session, user_id)


async def require_user(user: Annotated[UserPublic | None, Depends(authenticate)]) -> UserPublic:
    """The authenticated user; raises a 401 for an anonymous request."""
    if user is None:
        raise _unauthorized()
    return user


async def get_owner(request: Request) -> int | None:
    """The id of the user whom `authenticate` found, or None."""
    owner_id: int | None = request.scope.get("owner_id")
    return owner_id


UserDep = Annotated[UserPublic, Depends(require_user)]
OwnerDep = Annotated[int | None, Depends(get_owner)]


def _unauthorized() -> HTTPException:
    return HTTPException(401, "Nobody is known by these credentials", {"WWW-Authenticate": "Bearer"})


def check_unchanged(item: Item | None, if_match: str) -> None:
    """Raise a 412 where an item is no longer the one that the client has read, and a 404 where it is gone."""
    body = ItemPublic.model_validate(row_or_404(item)).model_dump_json().encode()
    if not is_named(tag_of(body), if_match):
        raise HTTPException(412, "The item has been changed meanwhile; read it again")


def row_or_404(row: T | None, otherwise: str = "There is no such item") -> T:
    """The row itself; raises a 404 if it is None."""
    if row is None:
        raise HTTPException(404, otherwise)
    return row
