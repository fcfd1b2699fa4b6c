"""A WebSocket of an ASGI app without a socket: the messages of its protocol, and nothing of their frames."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.model import Request, Response

    _Messages = asyncio.Queue[MutableMapping[str, Any]]

SWITCHED = 101
MESSAGES = ("WS", "WS-SEND", "WS-RECEIVE", "WS-CLOSE")
"""As scenarios.websocket has them, which the service's interpreter may have from another version's tree."""
NOT_OPEN = "a message without an open WebSocket: yield its open() first in the session, and nothing of HTTP in between"

_MESSAGE, _SEND, _RECEIVE, _CLOSE = MESSAGES
_BINARY = "application/octet-stream"
_TEXT_HEAD = b"\r\nContent-Type: text/plain; charset=utf-8"
_BINARY_HEAD = b"\r\nContent-Type: " + _BINARY.encode()
_REFUSED = 403
_MOST_WAITING = 256
"""Messages of the app that no step has received, after which it waits, as it would for a slow client."""
_NORMAL = 1000
_END_S = 5.0
"""The time that an app has to come to its end after its WebSocket was closed: one that never looks is cancelled."""


class Talk:
    """One WebSocket of an app, from its handshake on. Answers are made by `response`, from status, body and head.

    `open` and `step` raise whatever the app raises, and `failure` where it closes in place of an answer.
    """

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        response: Callable[[int, bytes, bytes], Response],
        failure: type[Exception],
    ) -> None:
        self._app = app
        self._response = response
        self._failure = failure
        self._to_app: _Messages = asyncio.Queue()
        self._from_app: _Messages = asyncio.Queue(_MOST_WAITING)
        self._task: asyncio.Task[None]
        self.is_open = False

    async def open(self, scope: MutableMapping[str, Any]) -> Response:
        """The app's answer to the handshake: 101, or the status by which it refuses."""
        asked = [value for name, value in scope["headers"] if name == b"sec-websocket-protocol"]
        offered = [part.strip().decode("latin-1") for value in asked for part in value.split(b",")]
        more = {"type": "websocket", "scheme": "ws", "subprotocols": offered}
        del scope["method"]
        extensions: dict[str, Any] = {"websocket.http.response": {}}
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.get_running_loop().create_task(
            self._run({**scope, **more, "extensions": extensions})
        )
        message = await self._next("the handshake")
        if message["type"] == "websocket.accept":
            self.is_open = True
            lines = [*message.get("headers", ())]
            if message.get("subprotocol"):
                lines.append((b"sec-websocket-protocol", message["subprotocol"].encode()))
            return self._response(SWITCHED, b"", _head(lines))
        if message["type"] == "websocket.http.response.start":
            return await self._refusal(message)
        await self._end()
        return self._response(_REFUSED, b"", b"")

    async def step(self, request: Request) -> Response:
        """The outcome of a step over the open WebSocket."""
        if request.method == _CLOSE:
            await self.leave(_NORMAL)
            return self._response(SWITCHED, b"", b"")
        if request.method != _RECEIVE:
            is_binary = ("Content-Type", _BINARY) in request.headers
            payload = {"bytes": request.body} if is_binary else {"text": request.body.decode()}
            self._to_app.put_nowait({"type": "websocket.receive", **payload})
            if request.method == _SEND:
                return self._response(SWITCHED, b"", b"")
        message = await self._next(request.label)
        if message["type"] == "websocket.close":
            await self._end()
            raise self._failure(f"{request.label} failed: closed-{message.get('code', _NORMAL)}")
        text = message.get("text")
        if text is None:
            return self._response(SWITCHED, bytes(message["bytes"]), _BINARY_HEAD)
        return self._response(SWITCHED, text.encode(), _TEXT_HEAD)

    async def leave(self, code: int = 1001) -> None:
        """Disconnect, and wait until the app is done. Raises whatever it raises, but for Starlette's word for this."""
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})
        await self._end()

    def drop(self) -> None:
        """Leave without waiting."""
        self._task.cancel()
        self.is_open = False

    async def _run(self, scope: MutableMapping[str, Any]) -> None:
        try:
            await self._app(scope, self._to_app.get, self._from_app.put)
        finally:
            await self._from_app.put({"type": ""})

    async def _next(self, what: str) -> MutableMapping[str, Any]:
        message = await self._from_app.get()
        if not message["type"]:
            self.is_open = False
            await self._task
            raise self._failure(f"{what} failed: the app returned without an answer")
        return message

    async def _refusal(self, start: MutableMapping[str, Any]) -> Response:
        body = b""
        message: MutableMapping[str, Any] = {"more_body": True}
        while message.get("more_body"):
            message = await self._next("the handshake")
            body += message.get("body", b"")
        await self._end()
        return self._response(start["status"], body, _head(start.get("headers", ())))

    async def _end(self) -> None:
        """Pass over what the app still says, until it is done, or its time is over."""
        self.is_open = False
        bound = asyncio.get_running_loop().call_later(_END_S, self._task.cancel)
        while (await self._from_app.get())["type"]:
            pass
        bound.cancel()
        try:
            await self._task
        except asyncio.CancelledError:
            if not self._task.cancelled():
                raise
        except Exception as error:
            if type(error).__name__ != "WebSocketDisconnect":  # which a server passes over, too
                raise


def _head(lines: Any) -> bytes:
    return b"\r\n".join([b"", *(name + b": " + value for name, value in lines)])
