"""What checking a body costs: not at all, by FastAPI, and by pydantic alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI, Response
from fastapi import Request as Received
from pydantic import BaseModel

from bench.engines.inprocess import InProcess
from scenarios.model import Request
from target_app.schemas.bench import RecordPage
from target_app.schemas.item import ItemCreate
from tests.benchmarks.measuring import Measure, Subject

SIZES = ("item", "page")


@pytest.fixture
def body(size: str, page: bytes) -> bytes:
    """One item, or fifty records."""
    return ItemCreate(name="chair", price=2.5).model_dump_json().encode() if size == "item" else page


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/unchecked")
    async def unchecked(received: Received) -> Response:
        return Response(b"%d" % len(await received.body()))

    @app.post("/item")
    async def item(data: ItemCreate) -> Response:
        return Response(data.name)

    @app.post("/page")
    async def page(data: RecordPage) -> Response:
        return Response(data.records[-1].name)

    return app


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", ["unchecked", "checked"])
def test_by_fastapi(
    size: str, way: str, body: bytes, inside: Callable[..., InProcess], measure: Measure
) -> None:
    """A body sent to an endpoint that reads it, or that has it checked; what differs is the check."""
    client = inside(_app())
    path = f"/{size}" if way == "checked" else "/unchecked"
    request = Request("POST", path, body, (("Content-Type", "application/json"),))
    (answer,) = measure.coroutines(
        Subject(f"validation-{size}-{way}", "validation"), client.loop, lambda: client.call(request)
    )
    expected = {"item": b"chair", "page": b"record 50"}[size] if way == "checked" else b"%d" % len(body)
    assert (answer.status, answer.body) == (200, expected)


@pytest.mark.parametrize("size", SIZES)
def test_by_pydantic(size: str, body: bytes, measure: Measure) -> None:
    """The same check without FastAPI, which reads JSON into dictionaries first."""
    model: type[BaseModel] = ItemCreate if size == "item" else RecordPage
    checked = measure.call(
        Subject(f"validation-{size}-pydantic", "validation"), lambda: model.model_validate_json(body)
    )
    assert checked.model_dump_json().encode() == body
