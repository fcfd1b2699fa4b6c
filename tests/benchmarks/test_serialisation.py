"""What writing fifty records as JSON costs, the records being there: each way answers the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from bench.engines.inprocess import InProcess
from scenarios.model import Request
from target_app.schemas.bench import RecordPage
from tests.benchmarks.measuring import Measure, Subject

WAYS = ("by-hand", "orjson", "json-response", "dict", "response-model", "model")


def _app(page: bytes) -> FastAPI:
    app = FastAPI(openapi_url=None)
    data, model = json.loads(page), RecordPage.model_validate_json(page)

    @app.get("/by-hand")
    async def by_hand() -> Response:
        return Response(page, media_type="application/json")

    @app.get("/orjson")
    async def by_orjson() -> Response:
        return Response(orjson.dumps(data), media_type="application/json")

    @app.get("/json-response")
    async def by_json() -> JSONResponse:
        return JSONResponse(data)

    @app.get("/dict", response_model=None)
    async def by_encoder() -> dict[str, Any]:
        return dict(data)

    @app.get("/response-model", response_model=RecordPage)
    async def checked() -> dict[str, Any]:
        return dict(data)

    @app.get("/model")
    async def modelled() -> RecordPage:
        return model

    return app


@pytest.mark.parametrize("way", WAYS)
def test_way(way: str, page: bytes, inside: Callable[..., InProcess], measure: Measure) -> None:
    """A request for the records; what differs from `by-hand`, which has the bytes already, is the writing."""
    client = inside(_app(page))
    (answer,) = measure.coroutines(
        Subject(f"serialisation-{way}", "serialisation"),
        client.loop,
        lambda: client.call(Request("GET", f"/{way}")),
    )
    assert answer.header("content-type") == "application/json"
    assert json.loads(answer.body) == json.loads(page)
