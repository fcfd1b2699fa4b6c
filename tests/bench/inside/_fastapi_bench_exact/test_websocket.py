"""WebSockets of apps that are called in-process: what a server would answer, without one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import pytest

from bench.engines.asgi_benchmark import rounds
from bench.engines.inprocess import ASGIApp, ASGIMessage, InProcess
from bench.engines.messages import MessageReader, UpgradeReader
from bench.errors import BenchError
from bench.inside._fastapi_bench_exact import websocket
from bench.inside._fastapi_bench_exact.target import answers, run_in_step
from scenarios.model import Flow, Request, Scenario, drive, drive_async
from scenarios.websocket import MESSAGES, NOT_OPEN, WebSocket

chat = WebSocket("/chat", subprotocols=("v1", "v2"))
Receive = Callable[[], Awaitable[ASGIMessage]]
Send = Callable[[ASGIMessage], Awaitable[None]]


async def echo(scope: ASGIMessage, receive: Receive, send: Send) -> None:
    """Accepts in the last subprotocol, pushes news, echoes, and notes how it ends."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"plain"})
        return
    assert scope["type"] == "websocket"
    assert (await receive())["type"] == "websocket.connect"
    chosen = scope["subprotocols"][-1]
    await send({"type": "websocket.accept", "subprotocol": chosen, "headers": [(b"x-mine", b"yes")]})
    await send({"type": "websocket.send", "text": "news"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4000})
            return
        if message.get("text") == "fail":
            raise ValueError("failed")
        await send({**message, "type": "websocket.send"})
    ended.append(message["code"])


ended: list[int] = []


@pytest.fixture
def app() -> ASGIApp:
    ended.clear()
    return echo


def talk(_rng: Random) -> Flow:
    opened = yield chat.open()
    assert (opened.status, opened.header("X-Mine")) == (101, "yes")
    assert opened.header("Sec-WebSocket-Protocol") == "v2"
    news = yield chat.receive()
    assert (news.text, news.header("Content-Type")) == ("news", "text/plain; charset=utf-8")
    answer = yield chat.message("hé")
    assert (answer.status, answer.text) == (101, "hé")
    yield chat.send(b"\x00")
    answer = yield chat.receive()
    assert (answer.body, answer.header("Content-Type")) == (b"\x00", "application/octet-stream")
    yield chat.close()
    plain = yield Request("GET", "/")
    assert plain.body == b"plain"


def test_a_session_talks_as_over_a_socket(app: ASGIApp) -> None:
    with InProcess(app, lifespan="off") as inside:
        assert len(list(drive(talk(Random(0)), inside.send))) == 7
    assert ended == [1000]


def test_sessions_side_by_side_have_a_websocket_each(app: ASGIApp) -> None:
    def count(number: int) -> Flow:
        yield chat.open()
        yield chat.receive()
        for step in range(5):
            answer = yield chat.message(f"{number} {step}")
            assert answer.text == f"{number} {step}"

    with InProcess(app, lifespan="off") as inside:

        async def one(number: int) -> None:
            visit = inside.visit()
            await drive_async(count(number), visit.call)
            await visit.leave()

        numbers = iter(range(20))
        rounds(inside.loop, lambda: one(next(numbers)), 20)()
    assert ended == [1001] * 20


def test_a_close_in_place_of_an_answer_is_an_error_with_its_code(app: ASGIApp) -> None:
    with InProcess(app, lifespan="off") as inside:
        for step in (chat.open(), chat.receive()):
            inside.send(step)
        with pytest.raises(BenchError, match=r"^WS /chat failed: closed-4000$"):
            inside.send(chat.message("bye"))
        with pytest.raises(BenchError, match="without an open WebSocket"):
            inside.send(chat.message("again"))


def test_what_the_app_raises_is_raised(app: ASGIApp) -> None:
    with InProcess(app, lifespan="off") as inside:
        for step in (chat.open(), chat.receive()):
            inside.send(step)
        with pytest.raises(ValueError, match="failed"):
            inside.send(chat.message("fail"))


def test_a_session_that_is_left_open_does_not_hold_up_the_end(app: ASGIApp) -> None:
    with InProcess(app, lifespan="off") as inside:
        inside.send(chat.open())


async def refuse(scope: ASGIMessage, receive: Receive, send: Send) -> None:
    if scope["path"] == "/plainly":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"x-why", b"token")]})
    await send({"type": "websocket.http.response.body", "body": b"no ", "more_body": True})
    await send({"type": "websocket.http.response.body", "body": b"token"})


def test_a_refusal_is_an_answer() -> None:
    with InProcess(refuse, lifespan="off") as inside:
        assert inside.send(WebSocket("/plainly").open()).status == 403
        answer = inside.send(WebSocket("/").open())
    assert (answer.status, answer.body, answer.header("x-why")) == (401, b"no token", "token")


async def forget(scope: ASGIMessage, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0)


def test_an_app_that_says_nothing_is_named() -> None:
    with (
        InProcess(forget, lifespan="off") as inside,
        pytest.raises(BenchError, match="the app returned without an answer"),
    ):
        inside.send(chat.open())


def test_words_are_those_of_the_scenarios() -> None:
    """They stand twice, as the service's interpreter may read the scenarios of another version."""
    assert frozenset(websocket.MESSAGES) == MESSAGES
    assert websocket.NOT_OPEN == NOT_OPEN
    read = MessageReader(UpgradeReader(), [].append)  # type: ignore[arg-type]
    for frame, head in ((b"\x81\x01a", websocket._TEXT_HEAD), (b"\x82\x01a", websocket._BINARY_HEAD)):
        read.ask("WS")
        response = read.feed(frame)
        assert response is not None
        assert response.head == head


def test_an_app_that_never_looks_for_the_end_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client would be done: a server does not wait for it."""

    async def deaf(scope: ASGIMessage, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.Event().wait()

    monkeypatch.setattr(websocket, "_END_S", 0.05)
    with InProcess(deaf, lifespan="off") as inside:
        assert [inside.send(step).status for step in (chat.open(), chat.close())] == [101, 101]


def failing(_rng: Random) -> Flow:
    yield chat.open()
    yield chat.receive()
    yield chat.message("fail")


def test_where_one_of_several_sessions_fails_the_others_end_before_the_loop() -> None:
    runs: list[bool] = []

    async def app(scope: ASGIMessage, receive: Receive, send: Send) -> None:
        try:
            await echo(scope, receive, send)
        finally:
            runs.append(driver.loop.is_running())

    with pytest.raises(ValueError, match="failed"), InProcess(app, lifespan="off") as driver:
        run_in_step(driver, Scenario("failing", failing), 3, lambda _, steps: answers(driver, steps))
    assert runs == [True, True, True]
