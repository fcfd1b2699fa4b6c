"""A limit to the size of bodies."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from target_app.routing import route_path

_SMALL, _SMALL_BYTES = ("/api/", "/auth/", "/reports"), 16 * 1024
"""The largest right body there is an item of 1,100 letters, 13 kB where JSON escapes each. A large wrong one would hold
up the event loop: pydantic takes half a second to name 90,000 unknown keys."""
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class BodyLimit:
    """Answers 413 when a body is too large, or its announced length is; most endpoints take small bodies only.

    FastAPI has such a limit, too, but answers in plain text when the length is announced.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _WITH_BODY:
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        is_small = route_path(scope).startswith(_SMALL)
        max_bytes = min(self._max_bytes, _SMALL_BYTES) if is_small else self._max_bytes
        bytes_read = 0

        async def receive_some() -> Message:
            nonlocal bytes_read
            if announced.isdecimal() and int(announced) > max_bytes:
                raise HTTPException(413, "The body is too large")
            message = await receive()
            bytes_read += len(message.get("body", b""))
            if bytes_read > max_bytes:
                raise HTTPException(413, "The body is too large")
            return message

        await self._app(scope, receive_some, send)
