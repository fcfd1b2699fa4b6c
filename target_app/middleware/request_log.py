"""A log line for each request, with the id of the request."""

import json
import logging
import queue
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from target_app.errors import request_id

_log = logging.getLogger("target_app.requests")


class RequestLog:
    """Sets `X-Request-ID` and logs the outcome of each request, never its query, its headers or its body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = request_id(scope)
        status = 500
        began_s = time.perf_counter()

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", name.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        finally:
            _log.info(
                {
                    "request_id": name,
                    "client": (scope.get("client") or [None])[0],
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "duration_ms": round((time.perf_counter() - began_s) * 1000, 3),
                }
            )


@contextmanager
def write_request_log() -> Iterator[None]:
    """Write the lines to standard error, from a thread of its own, for as long as the block lasts."""
    lines: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    handler = _AsItIs(lines)
    writer = logging.StreamHandler(sys.stderr)
    writer.setFormatter(_Json())
    listener = QueueListener(lines, writer)
    _log.setLevel(logging.INFO)
    _log.propagate = False
    _log.addHandler(handler)
    listener.start()
    try:
        yield
    finally:
        _log.removeHandler(handler)
        listener.stop()


class _AsItIs(QueueHandler):
    """Queues a record unformatted: the listener formats it."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record


class _Json(logging.Formatter):
    """One JSON object per line, in ASCII, so that no content can break a line."""

    def format(self, record: logging.LogRecord) -> str:
        assert isinstance(record.msg, dict)
        return json.dumps({"at_s": round(record.created, 3), **record.msg})
