"""What each middleware of the app costs, alone around an app that does nothing; `none` is that app by itself.

The limit of bodies is asked to let one through, so `none-post` is what it stands beside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from redis.asyncio import Redis
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.engines.inprocess import InProcess
from scenarios.model import Request
from target_app.breaker import Breaker
from target_app.limiter import MemoryWindows, RedisWindows
from target_app.middleware import stack
from target_app.middleware.request_log import write_request_log
from tests.benchmarks.apps import BODY, bare
from tests.benchmarks.measuring import Measure, Subject
from tests.target_app.settings import settings_of

EVERYTHING = settings_of(
    bench=True,
    allowed_hosts=("testserver",),
    cors_origins=("https://shop.example",),
    rate_limit="memory",
    rate_limit_requests=10_000_000,
    compression="gzip",
    cache="memory",
    request_log=True,
    security_headers="on",
)
BASE_HTTP = EVERYTHING.model_copy(update={"security_headers": "base-http"})
MIDDLEWARE = {cast(type, entry.cls).__name__: entry for entry in (*stack(EVERYTHING), *stack(BASE_HTTP))}

GET = Request("GET", "/", headers=(("Accept-Encoding", "gzip"), ("Origin", "https://shop.example")))
POST = Request("POST", "/", BODY, (("Content-Type", "application/json"),))

_CLIENT = ("192.0.2.7", 50000)
"""Nobody else's, as other tests count in the same Valkey."""

ADDED = {
    "WorkerHeader": ("x-worker", str(os.getpid())),
    "RequestLog": ("x-request-id", None),
    "TrustedHost": (None, None),
    "CORSMiddleware": ("access-control-allow-origin", "https://shop.example"),
    "SecurityHeaders": ("x-frame-options", "DENY"),
    "SecurityHeadersOnBase": ("x-frame-options", "DENY"),
    "RateLimit": ("ratelimit-limit", "10000000"),
    "CompressMiddleware": ("content-encoding", "gzip"),
    "ETag": ("etag", None),
    "BodyLimit": (None, None),
}
"""A header by which it is seen that a middleware did its work, and its value where that is known."""


def _around(entry: Middleware | None, **state: object) -> ASGIApp:
    """The bare app with one middleware, which finds the state of an application where the app would have it."""
    app = entry.cls(bare, *entry.args, **entry.kwargs) if entry else bare
    application = SimpleNamespace(state=SimpleNamespace(signer=None, **state))

    async def stated(scope: Scope, receive: Receive, send: Send) -> None:
        scope.update(app=application, client=_CLIENT)
        await app(scope, receive, send)

    return stated


@pytest.fixture
def logging_requests() -> Iterator[None]:
    """Lines are written as the lifespan of the app has them written."""
    with write_request_log():
        yield


@pytest.mark.usefixtures("logging_requests")
@pytest.mark.parametrize("name", [*ADDED, "none", "none-post"])
def test_around_a_bare_app(name: str, inside: Callable[..., InProcess], measure: Measure) -> None:
    """A request through one middleware; what differs from `none` is the middleware's."""
    client = inside(_around(MIDDLEWARE.get(name), windows=MemoryWindows()))
    request = POST if name in ("BodyLimit", "none-post") else GET
    (answer,) = measure.coroutines(
        Subject(f"middleware-{name}", "middleware"), client.loop, lambda: client.call(request)
    )
    header, value = ADDED.get(name, (None, None))
    assert answer.status == 200
    if header is not None:
        assert answer.header(header) is not None
        assert value in (None, answer.header(header))


def test_rate_limit_in_redis(redis_url: str, inside: Callable[..., InProcess], measure: Measure) -> None:
    """The same limiter, which asks Valkey about each request."""
    redis = Redis.from_url(redis_url)
    client = inside(_around(MIDDLEWARE["RateLimit"], windows=RedisWindows(redis, Breaker(5, 1, ()))))
    try:
        (answer,) = measure.coroutines(
            Subject("middleware-RateLimit-redis", "middleware"), client.loop, lambda: client.call(GET)
        )
    finally:
        client.loop.run_until_complete(redis.aclose())
    assert answer.header("ratelimit-limit") == "10000000"


def test_every_middleware_of_the_app_is_measured() -> None:
    assert set(MIDDLEWARE) == set(ADDED)
