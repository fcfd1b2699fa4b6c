"""A compressible body: CPU time against bytes."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import PlainTextResponse

from target_app.routing import Router

_MAX_BYTES = 262_144
_TEXT = "".join(
    f"{number}: the {number * 7919 % 1009}th request of {number % 64} users\n" for number in range(8000)
)

BodyBytes = Annotated[
    int, Query(ge=0, le=_MAX_BYTES, description="How many bytes, before they are compressed")
]

router = Router(prefix="/bench/gzip", tags=["bench"])


@router.get("", response_class=PlainTextResponse)
async def compressible(size: BodyBytes = 16_384) -> PlainTextResponse:
    """Lines of text that are alike, though no two are the same."""
    return PlainTextResponse(_TEXT[:size])
