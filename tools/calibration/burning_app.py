"""The bare ASGI app with a loop of `BURN_TURNS` turns in each request: more CPU time, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bench.machine import bare_app

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

VARIABLE = "BURN_TURNS"

_TURNS = int(os.environ.get(VARIABLE, "0"))


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as the bare app does, after the loop; its turns are those of the faults (`faults.LOOP`)."""
    for _ in b"." * _TURNS:
        pass
    await bare_app.app(scope, receive, send)
