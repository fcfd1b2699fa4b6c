"""ASGI apps without a socket: their lifespan, their answers, and what becomes of the loop."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

import pytest
import uvloop
from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response

from bench.engines import inprocess
from bench.engines.inprocess import InProcess
from bench.errors import BenchError
from scenarios import model


def an_app(fails_at: str = "") -> FastAPI:
    """An app that writes its life into `app.state.life`."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.life = ["started"]
        if fails_at == "startup":
            raise RuntimeError("no database")
        yield
        app.state.life.append("stopped")
        if fails_at == "shutdown":
            raise RuntimeError("no goodbye")

    app = FastAPI(lifespan=lifespan)

    @app.api_route("/echo", methods=["GET", "POST"])
    async def echo(request: Request) -> Response:
        body = await request.body()
        text = f"{request.method} {request.url.path}?{request.url.query} {request.headers.get('x-mine')}"
        return PlainTextResponse(text.encode() + b" " + body, 201, {"X-Answer": "yes"})

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in (b"one ", b"two ", b"three"):
                await asyncio.sleep(0)
                yield piece

        return StreamingResponse(pieces())

    @app.get("/loop")
    async def loop() -> str:
        return type(asyncio.get_running_loop()).__module__

    @app.get("/sync")
    def sync() -> str:
        return "from a thread"

    @app.get("/thread")
    def thread() -> int:
        return threading.get_native_id()

    @app.get("/raises")
    async def raises() -> None:
        raise ZeroDivisionError("by zero")

    return app


def test_the_lifespan_spans_the_block() -> None:
    app = an_app()
    with InProcess(app):
        assert app.state.life == ["started"]

    assert app.state.life == ["started", "stopped"]


def test_the_lifespan_is_ended_when_the_block_raises() -> None:
    app = an_app()
    with pytest.raises(KeyError), InProcess(app):
        raise KeyError

    assert app.state.life == ["started", "stopped"]


@pytest.mark.parametrize(("moment", "why"), [("startup", "no database"), ("shutdown", "no goodbye")])
def test_a_lifespan_that_fails_is_an_error_that_says_why_and_the_loop_is_closed(
    moment: str, why: str
) -> None:
    inside = InProcess(an_app(fails_at=moment))
    with pytest.raises(BenchError, match=rf"(?s)^the app's lifespan failed at {moment}: .*{why}"), inside:
        pass

    assert inside.loop.is_closed()


async def deaf(scope: inprocess.ASGIMessage, receive: object, send: object) -> None:
    """Returns at once, whatever it is asked."""


async def choosy(scope: inprocess.ASGIMessage, receive: object, send: object) -> None:
    """Knows nothing but HTTP."""
    assert scope["type"] == "http", "no lifespan here"


WITHOUT_LIFESPAN = [(deaf, "without an answer"), (choosy, "no lifespan here")]


@pytest.mark.parametrize(("app", "why"), WITHOUT_LIFESPAN)
def test_an_app_that_must_have_a_lifespan_and_has_none_is_an_error_and_no_endless_wait(
    app: inprocess.ASGIApp, why: str
) -> None:
    inside = InProcess(app, lifespan="on")
    with pytest.raises(BenchError, match=f"^the app's lifespan failed at startup: .*{why}"), inside:
        pass

    assert inside.loop.is_closed()


@pytest.mark.parametrize("lifespan", ["auto", "off"])
def test_an_app_that_knows_no_lifespan_is_served_without(lifespan: Literal["auto", "off"]) -> None:
    told = []

    async def app(scope: inprocess.ASGIMessage, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
        told.append(scope["type"])
        assert scope["type"] == "http", "no lifespan here"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    with InProcess(app, lifespan=lifespan) as inside:
        assert inside.send(model.Request("GET", "/")).body == b"hello"
        threads = {inside.loop.run_until_complete(to_thread.run_sync(threading.get_native_id)) for _ in "123"}

    assert told == (["lifespan", "http"] if lifespan == "auto" else ["http"])
    assert len(threads) == 1, "they last as long as the block"
    assert inside.loop.is_closed()


def test_without_a_lifespan_that_it_has_an_app_does_not_start() -> None:
    app = an_app(fails_at="startup")
    with InProcess(app, lifespan="off") as inside:
        assert inside.send(model.Request("GET", "/sync")).status == 200

    assert not hasattr(app.state, "life")


def test_the_state_of_the_lifespan_reaches_each_request_as_a_copy_of_its_own() -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, list[str]]]:
        yield {"seen": []}

    app = FastAPI(lifespan=lifespan)

    @app.get("/{word}")
    async def note(word: str, request: Request) -> dict[str, object]:
        lone = hasattr(request.state, "own")
        request.state.own = word
        request.state.seen.append(word)
        return {"seen": request.state.seen, "lone": lone}

    with InProcess(app) as inside:
        inside.send(model.Request("GET", "/a"))
        assert json.loads(inside.send(model.Request("GET", "/b")).body) == {"seen": ["a", "b"], "lone": False}


def test_a_path_is_decoded_and_kept_as_it_was_sent_behind_the_prefix() -> None:
    told: dict[str, object] = {}

    async def app(scope: inprocess.ASGIMessage, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
        told.update(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with InProcess(app, lifespan="off", root_path="/api") as inside:
        inside.send(model.Request("GET", "/caf%C3%A9%20au%2Flait?q=%20"))

    assert told["path"] == "/api/café au/lait"
    assert told["raw_path"] == b"/api/caf%C3%A9%20au%2Flait"
    assert (told["query_string"], told["root_path"]) == (b"q=%20", "/api")


def test_an_app_sees_the_request_as_it_was_meant() -> None:
    with InProcess(an_app()) as app:
        answer = app.send(model.Request("POST", "/echo?a=1&b=%20", b"body", (("X-Mine", "mine"),)))

    assert answer.status == 201
    assert answer.body == b"POST /echo?a=1&b=%20 mine body"
    assert answer.header("x-answer") == "yes"


def test_a_streamed_body_is_joined() -> None:
    with InProcess(an_app()) as app:
        assert app.send(model.Request("GET", "/stream")).body == b"one two three"


def test_a_middleware_that_watches_for_a_disconnect_sees_none_before_the_answer() -> None:
    """Starlette's BaseHTTPMiddleware cuts a stream short when the client has gone."""
    app = an_app()

    async def passes_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=passes_on)
    with InProcess(app) as inside:
        assert inside.send(model.Request("GET", "/stream")).body == b"one two three"


async def waits_for_the_end(scope: inprocess.ASGIMessage, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
    """An app that notes the order of what it is told, as one that streams for ever would."""
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    told = [(await receive())["type"]]
    ear = asyncio.ensure_future(receive())
    await asyncio.sleep(0)
    told.append("still here" if not ear.done() else ear.result()["type"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": " ".join(told).encode()})
    assert (await ear)["type"] == "http.disconnect"


def test_the_client_is_gone_after_the_answer_and_not_before() -> None:
    with InProcess(waits_for_the_end) as app:
        assert app.send(model.Request("GET", "/")).body == b"http.request still here"


LOOPS = {"asyncio's own": (None, "asyncio"), "uvloop": (uvloop.new_event_loop, "uvloop")}


@pytest.mark.parametrize(("factory", "name"), LOOPS.values(), ids=LOOPS)
def test_the_loop_is_the_one_that_was_chosen(
    factory: Callable[[], asyncio.AbstractEventLoop] | None, name: str
) -> None:
    with InProcess(an_app(), factory) as app:
        assert app.send(model.Request("GET", "/loop")).body.decode().strip('"').partition(".")[0] == name
        assert app.send(model.Request("GET", "/sync")).body == b'"from a thread"'

    assert app.loop.is_closed()


@pytest.mark.parametrize("factory", [factory for factory, _ in LOOPS.values()], ids=LOOPS)
def test_a_thread_stays_from_call_to_call_as_it_does_under_a_server(
    factory: Callable[[], asyncio.AbstractEventLoop] | None,
) -> None:
    """One that is started for each call would be most of what a plain function seems to cost."""
    with InProcess(an_app(), factory) as app:
        threads = {app.send(model.Request("GET", "/thread")).body for _ in range(5)}

        async def at_once() -> set[bytes]:
            answers = await asyncio.gather(*(app.call(model.Request("GET", "/thread")) for _ in range(20)))
            return {answer.body for answer in answers}

        many = app.loop.run_until_complete(at_once()) | app.loop.run_until_complete(at_once())

    assert len(threads) == 1
    assert threads <= many
    assert len(many) <= 20


def test_what_the_app_raises_is_raised_and_the_next_request_answered() -> None:
    with InProcess(an_app()) as app:
        with pytest.raises(ZeroDivisionError, match="by zero"):
            app.send(model.Request("GET", "/raises"))
        assert app.send(model.Request("GET", "/sync")).status == 200


def test_a_session_can_be_driven() -> None:
    def flow() -> model.Flow:
        first = yield model.Request("GET", "/stream")
        yield model.Request("POST", "/echo", first.body)

    with InProcess(an_app()) as app:
        exchanged = list(model.drive(flow(), app.send))

    assert [answer.body for _, answer in exchanged] == [b"one two three", b"POST /echo? None one two three"]
