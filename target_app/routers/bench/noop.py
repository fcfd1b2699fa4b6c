"""Empty endpoints: the cost of the framework, and of the hop to a thread."""

from target_app.routing import Router
from target_app.schemas.bench import Message

_HELLO = Message(message="hello")

router = Router(prefix="/bench/noop", tags=["bench"])


@router.get("/async")
async def noop_async() -> Message:
    """A constant, from the event loop."""
    return _HELLO


@router.get("/sync")
def noop_sync() -> Message:
    """A constant, from a thread."""
    return _HELLO
