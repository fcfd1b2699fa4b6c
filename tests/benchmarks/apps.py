"""Small apps to measure with."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from bench.engines.inprocess import InProcess

BODY = b'{"message":"hello"}' * 50
"""About a kilobyte, as many an answer is: enough to be worth compressing and tagging."""


class Started(NamedTuple):
    """The target app, and the loop on which it lives."""

    app: FastAPI
    inside: InProcess


AppOn = Callable[[str, str], Started]
"""Gives the target app on the loop of this name, over this kind of database."""


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI app that answers at once, without any framework."""
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    await receive()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})
