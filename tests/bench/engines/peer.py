"""A server that answers each path in a way of its own, most of them bad, and keeps account of what it saw."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.model.address import Address
from bench.model.plan import Setup
from bench.serve.server import Server

WORKER = 4242


@dataclass(frozen=True)
class Behaviour:
    """Wait, send these pieces one by one, then keep the connection, close it, reset it, say no more, or drip on."""

    pieces: tuple[bytes, ...]
    then: Literal["keep", "close", "reset", "hang", "drip"] = "keep"
    wait_s: float = 0.0


def answer(body: bytes = b"hello", status: str = "200 OK", headers: bytes = b"") -> bytes:
    """One answer with a Content-Length and our worker's number."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nX-Worker: {WORKER}\r\n".encode()
    return head + headers + b"\r\n" + body


_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
_HEAD_ONLY = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"

_PLAIN = Behaviour((answer(),))
BEHAVIOURS = {
    "/ok": Behaviour((answer(),)),
    "/chunked": Behaviour((_CHUNKED,)),
    "/pieces": Behaviour(tuple(answer()[place : place + 9] for place in range(0, len(answer()), 9))),
    "/continue": Behaviour((b"HTTP/1.1 100 Continue\r\n\r\n", answer())),
    "/head": Behaviour((_HEAD_ONLY,)),
    "/no-content": Behaviour((b"HTTP/1.1 204 No Content\r\n\r\n",)),
    "/says-close": Behaviour((answer(headers=b"Connection: close\r\n"),), "close"),
    "/until-close": Behaviour((b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo"), "close"),
    "/just-closes": Behaviour((answer(),), "close"),
    "/garbage": Behaviour((b"SSH-2.0-OpenSSH_9.6\r\n",)),
    "/twice": Behaviour((answer() + answer(),)),
    "/truncated": Behaviour((_HEAD_ONLY, b"hello"), "close"),
    "/no-answer": Behaviour((), "close"),
    "/reset": Behaviour((), "reset"),
    "/half": Behaviour((answer(),)),
    "/stalls": Behaviour((_HEAD_ONLY, b"hello"), "hang"),
    "/drip": Behaviour((_CHUNKED[:-5],), "drip"),
    "/silent": Behaviour((), "hang"),
    "/status-503": Behaviour((answer(status="503 Service Unavailable"),)),
    "/wrong-body": Behaviour((answer(b"holla"),)),
    "/slow": Behaviour((answer(),), wait_s=0.25),
}


class Peer:
    """The server, on a thread and a port of its own, or the Unix socket `path`, for as long as the block lasts.

    `seen` counts requests by path and `requests` their bytes, `answered_ns` are the moments of its answers;
    `connections` those ever made, `most` those open at once. A path without a behaviour gets a plain answer.
    """

    def __init__(
        self,
        behaviours: Mapping[str, Behaviour] = BEHAVIOURS,
        *,
        tls: ssl.SSLContext | None = None,
        path: str = "",
    ) -> None:
        self._behaviours = behaviours
        self._tls = tls
        self._path = path
        self.seen: Counter[str] = Counter()
        self.requests: Counter[bytes] = Counter()
        self.answered_ns: list[int] = []
        self.connections = self.open = self.most = 0
        self.frozen_ns = (0, 0)
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._listen(),))

    def __enter__(self) -> Peer:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(10)
        self._loop.close()

    def freeze(self, after_s: float, span_s: float) -> None:
        """Soon, do nothing at all for a while; `frozen_ns` tells afterwards when that was."""
        self._loop.call_soon_threadsafe(self._loop.call_later, after_s, self._freeze, span_s)

    def _freeze(self, span_s: float) -> None:
        begin_ns = time.monotonic_ns()
        time.sleep(span_s)
        self.frozen_ns = (begin_ns, time.monotonic_ns())

    async def _listen(self) -> None:
        self._closing = asyncio.Event()
        if self._path:
            server: asyncio.Server = await asyncio.start_unix_server(
                self._serve, self._path, backlog=256, ssl=self._tls
            )
        else:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=256, ssl=self._tls)
            self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._closing.wait()
        server.close()
        ours = asyncio.current_task()
        for task in (others := asyncio.all_tasks() - {ours}):
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            while await self._answer(await self._read(reader), reader, writer) == "keep":
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _answer(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        self.seen[path] += 1
        dropped = path == "/half" and self.seen[path] % 2 == 0  # the harness's own first look is answered
        behaviour = self._behaviours.get("/no-answer" if dropped else path, _PLAIN)
        if behaviour.wait_s:
            await asyncio.sleep(behaviour.wait_s)
        for piece in behaviour.pieces:
            writer.write(piece)
            await asyncio.sleep(0.0005 if len(behaviour.pieces) > 1 else 0)
        self.answered_ns.append(time.monotonic_ns())
        while behaviour.then == "drip" and not writer.is_closing():
            writer.write(b"1\r\n.\r\n")
            await asyncio.sleep(0.02)
        if behaviour.then == "hang":
            await reader.read()
        if behaviour.then == "reset":
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        return behaviour.then

    async def _read(self, reader: asyncio.StreamReader) -> str:
        """Read a request to its end, note it, and give its path."""
        head = await reader.readuntil(b"\r\n\r\n")
        lines = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:-2])
        body = await reader.readexactly(int(lines.get(b"content-length", 0)))
        if b"transfer-encoding" in lines:
            body = await reader.readuntil(b"0\r\n\r\n")
        self.requests[head + body] += 1
        return head.split(b" ", 2)[1].decode().partition("?")[0]


def server_at(port: int, pid: int = 0) -> Server:
    """What is known of a server that a test runs by itself."""
    return Server(
        setup=Setup("peer", "command"),
        address=Address("127.0.0.1", port),
        pid=pid,
        log=Path("log"),
        cpus=(),
        exit_status=lambda: None,
    )
