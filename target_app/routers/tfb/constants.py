"""`json` and `plaintext`: made anew for each request."""

import orjson
from fastapi import Response
from fastapi.responses import JSONResponse, PlainTextResponse

from target_app.routing import Router
from target_app.schemas.bench import Message
from target_app.schemas.error import Responses

_JSON: Responses = {200: {"model": Message}}

router = Router(prefix="/tfb", tags=["tfb"])


@router.get("/json", response_class=JSONResponse, responses=_JSON)
async def tfb_json() -> Response:
    """An object with a greeting."""
    return Response(orjson.dumps({"message": "Hello, World!"}), media_type="application/json")


@router.get("/plaintext", response_class=PlainTextResponse)
async def tfb_plaintext() -> Response:
    """A greeting."""
    return Response(b"Hello, World!", media_type="text/plain")
