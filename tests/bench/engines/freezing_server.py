"""A server that answers at once, but for some stretches in which it does nothing: `python freezing_server.py PORT LOG`.

The stretches begin at FREEZES (seconds after the first request), and the moments at which each began and ended are
written to LOG, one `begin_ns end_ns` of CLOCK_MONOTONIC a line.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import uvloop

FREEZES = ((0.4, 0.20), (0.9, 0.10), (1.4, 0.03))
"""When each begins, and how long it lasts, in seconds."""

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class _Hello(asyncio.Protocol):
    log: Path
    scheduled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if b"/hello" in data and not _Hello.scheduled:
            _Hello.scheduled = True
            loop = asyncio.get_running_loop()
            for at_s, length_s in FREEZES:
                loop.call_later(at_s, self._freeze, length_s)
        self._transport.write(_ANSWER)  # type: ignore[attr-defined]  # uvloop's transports are no asyncio.Transport

    def _freeze(self, length_s: float) -> None:
        begin_ns = time.monotonic_ns()
        time.sleep(length_s)
        with _Hello.log.open("a") as log:
            log.write(f"{begin_ns} {time.monotonic_ns()}\n")


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Hello, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    _Hello.log = Path(sys.argv[2])
    uvloop.run(_serve(int(sys.argv[1])))
