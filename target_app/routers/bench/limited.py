"""A constant behind the rate limiter."""

from target_app.routing import Router
from target_app.schemas.bench import Message

_LET_IN = Message(message="let in")

router = Router(prefix="/bench", tags=["bench"])


@router.get("/limited")
async def limited() -> Message:
    """A constant, as often as the limiter lets you, if there is one."""
    return _LET_IN
