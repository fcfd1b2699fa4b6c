"""The bystander: its latency shows how a load disturbs other requests."""

from target_app.routing import Router
from target_app.schemas.bench import Message

_PONG = Message(message="pong")

router = Router(prefix="/bench", tags=["bench"])


@router.get("/ping")
async def ping() -> Message:
    """A constant; late only when something else holds the event loop."""
    return _PONG
