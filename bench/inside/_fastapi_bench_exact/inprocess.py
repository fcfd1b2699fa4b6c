"""Calls an ASGI app without a socket: the endpoint's own cost, with no server around it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .errors import InsideError
from .websocket import MESSAGES, NOT_OPEN, SWITCHED, Talk

if TYPE_CHECKING:
    from typing import Literal, Self

    from scenarios.model import Request, Response

ASGIMessage = MutableMapping[str, Any]
ASGIApp = Callable[
    [ASGIMessage, Callable[[], Awaitable[ASGIMessage]], Callable[[ASGIMessage], Awaitable[None]]],
    Awaitable[None],
]

_NO_ANSWER = "none"
_BODYLESS = (204, 304)
_WITH_BODY = ("POST", "PUT", "PATCH")


class Driver:
    """An ASGI app with its lifespan on an event loop that lives as long as the `with` block.

    `send` runs one request to its end on that loop; `visit` makes room for one that has a WebSocket of its own, next
    to others. `loop_factory` chooses the loop, asyncio's own by default. The
    threads of plain functions stay from call to call, as they do under a server. With `lifespan` "auto" an app that
    raises or returns in place of an answer is served without, as one that does not know the protocol; "off" does not
    ask it. `root_path` is the prefix under which a proxy would serve the app. Answers are made by `response`, from
    status, body and head; where the lifespan fails, `failure` is raised.
    """

    def __init__(
        self,
        app: ASGIApp,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
        *,
        lifespan: Literal["auto", "on", "off"] = "auto",
        root_path: str = "",
        response: Callable[[int, bytes, bytes], Response],
        failure: type[Exception] = InsideError,
    ) -> None:
        self._app = app
        self._mode = lifespan
        self._has_started = False
        self._root_path = root_path
        self._state: dict[str, Any] = {}
        self._response = response
        self._failure = failure
        self._only = Visit(self)
        self.loop = (loop_factory or asyncio.new_event_loop)()
        self._to_lifespan: asyncio.Queue[ASGIMessage]
        self._from_lifespan: asyncio.Queue[ASGIMessage]
        self._lifespan: asyncio.Task[None]

    def __enter__(self) -> Self:
        asyncio.set_event_loop(self.loop)
        self._to_lifespan = asyncio.Queue()  # in Python 3.9 it is of the loop that is current
        self._from_lifespan = asyncio.Queue()
        self._lifespan = self.loop.create_task(self._live())
        try:
            with suppress(RuntimeError):  # the task stops the loop, and goes on with the next that runs on it
                self.loop.run_until_complete(self._lifespan)
            if self._mode != "off":
                self._has_started = self._tell_lifespan("startup")
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._has_started:
                self._tell_lifespan("shutdown")
                self.loop.run_until_complete(self._lifespan)
        finally:
            self._close()

    def send(self, request: Request) -> Response:
        """The app's answer to one request."""
        return self.loop.run_until_complete(self.call(request))

    def call(self, request: Request) -> Coroutine[Any, Any, Response]:
        """The app's answer to one request, on the running loop. Raises whatever the app raises."""
        return self._only.call(request)

    def visit(self) -> Visit:
        """Room for a session of its own, which one with a WebSocket needs while others are under way."""
        return Visit(self)

    async def talk(self, request: Request) -> tuple[Talk, Response]:
        """Ask the app for a WebSocket, and what it answers."""
        made = Talk(self._app, self._response, self._failure)
        return made, await made.open(_scope(request, self._root_path, self._state.copy()))

    def refuse(self, request: Request) -> Exception:
        """The failure of a message that has no WebSocket."""
        return self._failure(f"{request.label}: {NOT_OPEN}")

    async def exchange(self, request: Request) -> Response:
        """The app's answer to one request of HTTP. Raises whatever the app raises."""
        incoming = [{"type": "http.request", "body": request.body, "more_body": False}]
        outgoing: list[ASGIMessage] = []
        answered = asyncio.Event()

        async def receive() -> ASGIMessage:
            if incoming:
                return incoming.pop()
            await answered.wait()
            return {"type": "http.disconnect"}

        async def send(message: ASGIMessage) -> None:
            outgoing.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                answered.set()

        await self._app(_scope(request, self._root_path, self._state.copy()), receive, send)
        start, *rest = outgoing
        head = b"\r\n".join([b"", *(name + b": " + value for name, value in start["headers"])])
        has_body = request.method != "HEAD" and start["status"] not in _BODYLESS
        body = b"".join(message.get("body", b"") for message in rest) if has_body else b""
        return self._response(start["status"], body, head)

    def _close(self) -> None:
        self._only.drop()
        self._lifespan.cancel()
        try:
            self.loop.run_until_complete(asyncio.wait([self._lifespan]))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()

    async def _live(self) -> None:
        problem = "it ended without an answer"
        try:
            await _keep_threads()
            self.loop.stop()
            await asyncio.sleep(0)
            if self._mode != "off":
                await self._app(
                    {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state},
                    self._to_lifespan.get,
                    self._from_lifespan.put,
                )
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        await self._from_lifespan.put({"type": _NO_ANSWER, "message": problem})
        if not self._has_started:
            await asyncio.Event().wait()  # for the threads

    def _tell_lifespan(self, word: str) -> bool:
        """Whether the app did as it was told; not where it seems not to know the protocol. Raises `failure`."""
        self._to_lifespan.put_nowait({"type": f"lifespan.{word}"})
        answer = self.loop.run_until_complete(self._from_lifespan.get())
        if answer["type"] == _NO_ANSWER and word == "startup" and self._mode == "auto":
            return False
        if answer["type"] != f"lifespan.{word}.complete":
            raise self._failure(f"the app's lifespan failed at {word}: {answer.get('message', '')}")
        return True


class Visit:
    """One session's way through an app: its requests, and its WebSocket while one is open."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._talk: Talk | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has an open WebSocket."""
        return self._talk is not None and self._talk.is_open

    def call(self, request: Request) -> Coroutine[Any, Any, Response]:
        """The app's answer to one request, or to a message over the open WebSocket. Raises whatever the app raises."""
        if self._talk is None and request.expect != SWITCHED:
            return self._driver.exchange(request)
        return self._switch(request)

    async def leave(self) -> None:
        """Close the WebSocket that a session has left open."""
        talk, self._talk = self._talk, None
        if talk is not None and talk.is_open:
            await talk.leave()

    def drop(self) -> None:
        """Forget the WebSocket, as the loop is about to end."""
        if self._talk is not None and self._talk.is_open:
            self._talk.drop()

    async def _switch(self, request: Request) -> Response:
        if request.method in MESSAGES:
            if self._talk is None or not self._talk.is_open:
                raise self._driver.refuse(request)
            return await self._talk.step(request)
        await self.leave()
        if request.expect != SWITCHED:
            return await self._driver.exchange(request)
        self._talk, response = await self._driver.talk(request)
        return response


async def _keep_threads() -> None:
    """Where AnyIO is installed, let its threads stay from call to call.

    It ends them with the task for which the loop ran when the first of them was asked for. Let that be the one of the
    lifespan, which lasts: each call of a plain function would else start a thread of its own.
    """
    try:
        from anyio import to_thread
    except ImportError:
        return
    await to_thread.run_sync(lambda: None)


def _scope(request: Request, root_path: str, state: dict[str, Any]) -> ASGIMessage:
    path, _, query = request.path.partition("?")
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]
    own = {name for name, _ in headers}
    if b"host" not in own:
        headers.insert(0, (b"host", b"testserver"))
    has_body = request.body or request.method in _WITH_BODY
    if has_body and b"content-length" not in own and b"transfer-encoding" not in own:
        headers.append((b"content-length", str(len(request.body)).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": root_path + (unquote(path) if "%" in path else path),
        "raw_path": (root_path + path).encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": root_path,
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
        "state": state,
    }
