"""The driver as a service's interpreter may have it: without AnyIO. The rest is in tests/bench/engines."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from bench.inside._fastapi_bench_exact.errors import InsideError
from bench.inside._fastapi_bench_exact.inprocess import ASGIMessage, Driver
from scenarios.model import Request, Response


async def app(scope: ASGIMessage, receive: object, send: object) -> None:
    assert scope["type"] == "http", "no lifespan here"
    loop = asyncio.get_running_loop()
    name = await loop.run_in_executor(None, lambda: threading.current_thread().name)
    await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": name.encode()})  # type: ignore[operator]


@pytest.mark.parametrize("has_anyio", [True, False])
def test_it_works_without_anyio(has_anyio: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_anyio:
        monkeypatch.setitem(sys.modules, "anyio", None)
    with Driver(app, response=Response) as inside:
        answer = inside.send(Request("GET", "/"))
    assert answer.status == 200
    assert answer.body
    assert inside.loop.is_closed()


def test_a_lifespan_that_fails_raises_what_the_caller_wants() -> None:
    for failure in (InsideError, KeyError):
        with (
            pytest.raises(failure, match="no lifespan here"),
            Driver(app, lifespan="on", response=Response, failure=failure),
        ):
            pass
