"""A header that names the worker process."""

import os

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class WorkerHeader:
    """Adds `X-Worker: <pid>` to every response, so that requests can be counted per worker."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-worker", b"%d" % os.getpid())]
            await send(message)

        await self._app(scope, receive, send_named)
