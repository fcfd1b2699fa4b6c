"""Calls an ASGI app without a socket: the endpoint's own cost, with no server around it.

What calls it runs inside a service's interpreter as well, under `bench exact`, and stands in `bench/inside`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from bench.errors import BenchError
from bench.inside._fastapi_bench_exact.inprocess import ASGIApp, ASGIMessage, Driver
from scenarios.model import Response

__all__ = ["ASGIApp", "ASGIMessage", "InProcess"]


class InProcess(Driver):
    """An ASGI app with its lifespan on an event loop that lives as long as the `with` block.

    `send` runs one request to its end on that loop. `loop_factory` chooses the loop, asyncio's own by default. With
    `lifespan` "auto" an app that raises or returns in place of an answer is served without; "off" does not ask it.
    `root_path` is the prefix under which a proxy would serve the app. Raises BenchError where the lifespan fails, or a
    WebSocket has no answer; an answer that cannot be decoded raises DecodingError.
    """

    def __init__(
        self,
        app: ASGIApp,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
        *,
        lifespan: Literal["auto", "on", "off"] = "auto",
        root_path: str = "",
    ) -> None:
        super().__init__(
            app,
            loop_factory,
            lifespan=lifespan,
            root_path=root_path,
            response=_decoded,
            failure=BenchError,
        )


def _decoded(status: int, body: bytes, head: bytes) -> Response:
    """An answer, its body as it was before its Content-Encoding. Raises DecodingError."""
    return Response(status, body, head).decoded()
