"""Two workers on one port, one of which computes for 5 ms on each request: `python uneven_server.py PORT`.

Each has a socket of its own (SO_REUSEPORT), so that the kernel deals out the connections between them by chance, and
neither goes without.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

Send = Callable[[dict[str, Any]], Awaitable[None]]
BURN_S = 0.005


def app(burn_s: float) -> Callable[..., Awaitable[None]]:
    async def answer(_scope: object, _receive: object, send: Send) -> None:
        until_s = time.thread_time() + burn_s
        while time.thread_time() < until_s:
            pass
        headers = [(b"content-length", b"5"), (b"x-worker", b"%d" % os.getpid())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"hello"})

    return answer


def serve(port: int, burn_s: float) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", port))
        config = uvicorn.Config(app(burn_s), log_level="warning", lifespan="off", access_log=False)
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    for burn_s in (0.0, BURN_S):
        if not os.fork():
            serve(int(sys.argv[1]), burn_s)
            os._exit(0)
    os.wait()
