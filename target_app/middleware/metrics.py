"""Figures for Prometheus: how many requests there were, and how long they took."""

import time

from prometheus_client import Histogram
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_UNKNOWN = "unknown"
"""Stands for all paths and methods that are not served: nobody may fill the memory by asking for new ones."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_durations = Histogram(
    "http_request_duration_seconds",
    "How long requests took, from their head to the end of the answer",
    ("method", "route", "status"),
)


class Metrics:
    """Times each request, under its route in place of its path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began_s = time.perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else _UNKNOWN
            route: BaseRoute | None = scope.get("route")
            name = getattr(route, "path", _UNKNOWN)
            _durations.labels(method, name, str(status)).observe(time.perf_counter() - began_s)
