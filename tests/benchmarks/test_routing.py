"""What finding the endpoint costs: the same endpoint as the only one, and before and behind all of the target app's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import APIRouter, FastAPI, Response

from bench.engines.inprocess import InProcess
from scenarios.model import Request
from target_app.main import create_app
from tests.benchmarks.measuring import Measure, Subject
from tests.target_app.settings import settings_of

router = APIRouter()


@router.get("/sought")
async def sought() -> Response:
    """The endpoint to be found."""
    return Response(b"found")


def _among(before: bool = False, behind: bool = False) -> FastAPI:
    """An app with the endpoint sought, which the routes of the target app may come before or after."""
    app, target = FastAPI(openapi_url=None), create_app(settings_of(bench=True))
    app.router.routes += target.router.routes if before else []
    app.include_router(router)
    app.router.routes += target.router.routes if behind else []
    return app


PLACES = {"alone": _among(), "first-of-all": _among(behind=True), "last-of-all": _among(before=True)}


@pytest.mark.parametrize("place", PLACES)
def test_lookup(place: str, inside: Callable[..., InProcess], measure: Measure) -> None:
    """A request for one endpoint among others; what differs from `alone` is the search."""
    client = inside(PLACES[place])
    (answer,) = measure.coroutines(
        Subject(f"routing-{place}", "routing"), client.loop, lambda: client.call(Request("GET", "/sought"))
    )
    assert answer.body == b"found"


def test_the_others_are_those_of_the_app() -> None:
    assert len(PLACES["last-of-all"].routes) > 20
    assert [place for place in PLACES if len(PLACES[place].routes) == 1] == ["alone"]
