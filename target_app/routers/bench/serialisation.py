"""Ways to write JSON: the same bytes from models, from dictionaries, and by two libraries."""

from typing import Annotated, Any

import orjson
from fastapi import Query, Response
from fastapi.responses import JSONResponse

from target_app.routing import Router
from target_app.schemas.bench import RecordPage
from target_app.schemas.error import Responses

_MAX_SIZE = 1000

_ROWS: tuple[dict[str, Any], ...] = tuple(
    {
        "id": number,
        "name": f"record {number}",
        "price": number * 1.25,
        "active": number % 2 == 0,
        "tags": ["red", "green", "blue"][: number % 4],
        "note": None if number % 3 else f"note on {number}",
    }
    for number in range(1, _MAX_SIZE + 1)
)
_PAGE: Responses = {200: {"model": RecordPage}}

RecordCount = Annotated[int, Query(ge=0, le=_MAX_SIZE, description="How many records to write")]

router = Router(prefix="/bench/json", tags=["bench"])


@router.get("/model")
async def json_model(size: RecordCount = 50) -> RecordPage:
    """Build models, which pydantic writes."""
    return RecordPage(size=size, records=[RecordPage.Record(**row) for row in _ROWS[:size]])


@router.get("/dict", response_model=RecordPage)
async def json_dict(size: RecordCount = 50) -> dict[str, Any]:
    """Give a dictionary, which pydantic checks and writes."""
    return _page(size)


@router.get("/response", responses=_PAGE)
async def json_response(size: RecordCount = 50) -> JSONResponse:
    """Write a dictionary with the standard library, unchecked."""
    return JSONResponse(_page(size))


@router.get("/orjson", responses=_PAGE, response_class=JSONResponse)
async def json_orjson(size: RecordCount = 50) -> Response:
    """Write a dictionary with orjson, unchecked."""
    return Response(orjson.dumps(_page(size)), media_type="application/json")


def _page(size: int) -> dict[str, Any]:
    return {"size": size, "records": _ROWS[:size]}
