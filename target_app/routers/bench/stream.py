"""A body in chunks: each step of a plain generator is a hop to a thread and back."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from target_app.routing import Router
from target_app.schemas.error import Responses

_CHUNK = b"0123456789abcdef" * 64
_TEXT = "text/plain; charset=utf-8"
_STREAM: Responses = {
    200: {"description": "Chunks of 1024 bytes", "content": {"text/plain": {"schema": {"type": "string"}}}}
}

Chunks = Annotated[int, Query(ge=0, le=1000, description="How many chunks of 1024 bytes")]

router = Router(prefix="/bench/stream", tags=["bench"])


async def _chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield _CHUNK


def _chunks_sync(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield _CHUNK


@router.get("/async", response_class=StreamingResponse, responses=_STREAM)
async def stream_async(chunks: Chunks = 20) -> StreamingResponse:
    """Chunks from an async generator."""
    return StreamingResponse(_chunks(chunks), media_type=_TEXT)


@router.get("/sync", response_class=StreamingResponse, responses=_STREAM)
def stream_sync(chunks: Chunks = 20) -> StreamingResponse:
    """Chunks from a plain generator, in threads."""
    return StreamingResponse(_chunks_sync(chunks), media_type=_TEXT)
