"""Server-sent events, one every so many milliseconds: from the event loop, or from a thread that waits."""

from asyncio import sleep as sleep_async
from collections.abc import AsyncIterator, Iterator
from time import sleep
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from target_app.routing import Router
from target_app.schemas.error import Responses

_EVENTS: Responses = {
    200: {
        "description": "Events of the type `tick`, numbered from 1",
        "content": {"text/event-stream": {}},
    }
}
_HEADERS = {"Cache-Control": "no-store"}
_TYPE = "text/event-stream"

Events = Annotated[int, Query(ge=0, le=1000, description="How many events")]
Every = Annotated[int, Query(ge=0, le=1000, description="Milliseconds between two events")]

router = Router(prefix="/bench/sse", tags=["bench"])


def _event(number: int) -> bytes:
    return b'id: %d\nevent: tick\ndata: {"number":%d}\n\n' % (number, number)


async def _ticks(events: int, ms: int) -> AsyncIterator[bytes]:
    for number in range(1, events + 1):
        if number > 1:
            await sleep_async(ms / 1000)
        yield _event(number)


def _ticks_sync(events: int, ms: int) -> Iterator[bytes]:
    for number in range(1, events + 1):
        if number > 1:
            sleep(ms / 1000)
        yield _event(number)


@router.get("/async", response_class=StreamingResponse, responses=_EVENTS)
async def sse_async(events: Events = 5, ms: Every = 5) -> StreamingResponse:
    """Events from an async generator, which waits on the event loop."""
    return StreamingResponse(_ticks(events, ms), media_type=_TYPE, headers=_HEADERS)


@router.get("/sync", response_class=StreamingResponse, responses=_EVENTS)
def sse_sync(events: Events = 5, ms: Every = 5) -> StreamingResponse:
    """Events from a plain generator, which waits in a thread."""
    return StreamingResponse(_ticks_sync(events, ms), media_type=_TYPE, headers=_HEADERS)
