"""The smallest HTTP server: the same answer to every request, in one write, to measure generators against.

Run as `python -m bench.machine.bare_server HOST PORT`. It takes requests without a body, one after the other or several
at once.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

from bench.machine.bare_app import BODY

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY
_END = b"\r\n\r\n"


class Answering(asyncio.Protocol):
    """One connection; it keeps the part of a request that has come so far."""

    def __init__(self) -> None:
        self._begun = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it

    def data_received(self, data: bytes) -> None:
        *whole, self._begun = (self._begun + data).split(_END)
        self._transport.write(ANSWER * len(whole))


async def _serve(host: str, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Answering, host, port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], int(sys.argv[2])))
