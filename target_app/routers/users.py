"""Users, as far as they may be seen: oneself."""

from target_app.dependencies import UserDep
from target_app.routing import Router
from target_app.schemas.error import UNAUTHORIZED, UNAVAILABLE
from target_app.schemas.user import UserPublic

router = Router(prefix="/users", tags=["users"], responses=UNAVAILABLE | UNAUTHORIZED)


@router.get("/me")
async def read_me(user: UserDep) -> UserPublic:
    """Who you are."""
    return user
