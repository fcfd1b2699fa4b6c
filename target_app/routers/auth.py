"""Authentication: registration, login, and API keys."""

from typing import Annotated

from fastapi import Form, HTTPException, Response
from sqlalchemy.exc import IntegrityError

from target_app.crud import users as crud
from target_app.dependencies import DatabaseDep, PasswordsDep, RowId, SignerDep, UserDep, row_or_404
from target_app.models import ApiKey
from target_app.routing import Router
from target_app.schemas.error import (
    CONFLICT,
    NOT_FOUND,
    UNAUTHORIZED,
    UNAVAILABLE,
    UNREADABLE,
)
from target_app.schemas.user import (
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyPublic,
    Login,
    Token,
    UserCreate,
    UserPublic,
)
from target_app.security import key_hash

MAX_KEYS = 20
_PRIVATE = {"Cache-Control": "no-store"}

router = Router(prefix="/auth", tags=["auth"], responses=UNAVAILABLE)


@router.post("/register", status_code=201, responses=UNREADABLE | CONFLICT)
async def register(data: UserCreate, database: DatabaseDep, passwords: PasswordsDep) -> UserPublic:
    """Become a user; a name can be taken once."""
    hashed = await passwords.hash(data.password.get_secret_value())
    try:
        async with database.writing.begin() as session:
            user = await crud.create(session, data.username, hashed)
    except IntegrityError:
        raise HTTPException(409, "This name is taken") from None
    return UserPublic.model_validate(user)


@router.post("/token", responses=UNREADABLE | UNAUTHORIZED)
async def log_in(
    form: Annotated[Login, Form()],
    database: DatabaseDep,
    passwords: PasswordsDep,
    signer: SignerDep,
    response: Response,
) -> Token:
    """Log in with a name and a password, and get a token to send as `Authorization: Bearer`."""
    async with database.reading() as session:
        user = await crud.read_by_name(session, form.username)
    right = await passwords.verify(form.password.get_secret_value(), user.password_hash if user else None)
    if user is None or not right:
        raise HTTPException(401, "Wrong name or password", {"WWW-Authenticate": "Bearer"})
    response.headers.update(_PRIVATE)
    return Token(access_token=signer.token(user.id), expires_in=signer.token_lifetime_s)


@router.post("/api-keys", status_code=201, responses=UNREADABLE | UNAUTHORIZED | CONFLICT)
async def create_api_key(
    data: ApiKeyCreate, user: UserDep, database: DatabaseDep, signer: SignerDep
) -> ApiKeyCreated:
    """Make a key to send as `X-API-Key`; it is shown this once."""
    key = signer.new_key(user.id)
    async with database.writing.begin() as session:
        await crud.lock(session, user.id)  # else requests side by side would all count the same keys
        if await crud.count_keys(session, user.id) >= MAX_KEYS:
            raise HTTPException(409, f"There are {MAX_KEYS} keys already; delete one")
        made = await crud.create_key(session, user.id, data.name, key_hash(key))
    return ApiKeyCreated(id=made.id, name=made.name, key=key)


@router.get("/api-keys", responses=UNAUTHORIZED, response_model=list[ApiKeyPublic])
async def list_api_keys(user: UserDep, database: DatabaseDep) -> list[ApiKey]:
    """List your keys by their names; the keys themselves are not kept."""
    async with database.reading() as session:
        return list(await crud.list_keys(session, user.id))


@router.delete("/api-keys/{key_id}", status_code=204, responses=UNAUTHORIZED | NOT_FOUND)
async def delete_api_key(key_id: RowId, user: UserDep, database: DatabaseDep) -> None:
    """Delete a key, which is good for nothing from then on."""
    async with database.writing.begin() as session:
        removed = await crud.remove_key(session, user.id, key_id)
    row_or_404(removed, "There is no such key")
