"""The bare ASGI app with a loop of `BURN_TURNS` turns in each request: more CPU time, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from bench.machine import bare_app

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

VARIABLE = "BURN_TURNS"


def burning(turns: int) -> Callable[[Scope, Receive, Send], Coroutine[None, None, None]]:
    """The app that answers as the bare app does, after a loop, whose turns are those of the faults (`faults.LOOP`)."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in b"." * turns:
            pass
        await bare_app.app(scope, receive, send)

    return answer


app = burning(int(os.environ.get(VARIABLE, "0")))
