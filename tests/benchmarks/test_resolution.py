"""What dependencies cost by depth, and as plain functions, each of which is a hop to a thread and back."""

# Annotations are looked up where a function is defined, so they must not be strings here.

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Response

from bench.engines.inprocess import InProcess
from scenarios.model import Request
from tests.benchmarks.measuring import Measure, Subject

Dependency = Callable[..., Any]


async def _end() -> int:
    return 1


def _end_sync() -> int:
    return 1


def _after(previous: Dependency) -> Dependency:
    async def link(so_far: Annotated[int, Depends(previous)]) -> int:
        return so_far + 1

    return link


def _after_sync(previous: Dependency) -> Dependency:
    def link(so_far: Annotated[int, Depends(previous)]) -> int:
        return so_far + 1

    return link


def _chain(depth: int, way: str) -> Dependency:
    """A dependency that asks for another, and so on, until there are `depth` of them."""
    chain, longer = (_end, _after) if way == "async" else (_end_sync, _after_sync)
    for _ in range(depth - 1):
        chain = longer(chain)
    return chain


def _app(depth: int, way: str) -> FastAPI:
    app = FastAPI(openapi_url=None)
    if depth == 0:

        @app.get("/")
        async def nothing() -> Response:
            return Response(b"0")
    else:

        @app.get("/")
        async def counted(total: Annotated[int, Depends(_chain(depth, way))]) -> Response:
            return Response(b"%d" % total)

    return app


CASES = [(0, "async"), *((depth, way) for way in ("async", "sync") for depth in (1, 5, 10))]


@pytest.mark.parametrize(("depth", "way"), CASES)
def test_chain(depth: int, way: str, inside: Callable[..., InProcess], measure: Measure) -> None:
    """A request to an endpoint with so many dependencies; what differs from none is theirs."""
    client = inside(_app(depth, way))
    name = f"resolution-{way}-{depth}" if depth else "resolution-none"
    (answer,) = measure.coroutines(
        Subject(name, "resolution"), client.loop, lambda: client.call(Request("GET", "/"))
    )
    assert answer.body == b"%d" % depth
