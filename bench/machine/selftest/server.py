"""A truth server: it replies as its behaviour says, and logs every request. Standard library only.

Run as `python -m bench.machine.selftest.server HOST PORT BEHAVIOUR LOG`; on SIGTERM it writes its log and ends.
`GET /up` gets a reply at once and is not logged. The first request of any other path is the harness's own check of the
answer, and gets a right reply at once; later ones are logged and replied to as the behaviour says. Requests have no
body.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import time
from heapq import heappop, heappush
from itertools import pairwise
from pathlib import Path
from typing import cast

from bench.engines.timer import Timer
from bench.machine.selftest.behaviours import BODY, WRONG_BODY, Behaviour, Decide, Freezing, Reply, decode
from bench.machine.selftest.log import LogWriter

_END = b"\r\n\r\n"
_BEAT_NS = 2_000_000
_LATE_NS = 1_000_000


def _answer(body: bytes, status: str = "200 OK", length: int = len(BODY), more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{more}\r\n".encode() + body


_RIGHT = _answer(BODY)
_LAST = _answer(BODY, more="Connection: close\r\n")
_FAULTS = {
    "wrong-body": _answer(WRONG_BODY),
    "status-500": _answer(BODY, "500 Internal Server Error"),
    "reset": b"",
    "truncated": _answer(BODY, length=len(BODY) * 100),
}


def writes(reply: Reply) -> list[tuple[int, bytes]]:
    """The parts of a reply, each with the time at which it is written."""
    whole = _FAULTS.get(reply.kind) or (
        b"" if reply.kind == "reset" else _LAST if reply.announced else _RIGHT
    )
    if reply.pieces == 1:
        return [(reply.due_ns, whole)]
    head = len(whole) - len(BODY)
    cuts = [head + len(BODY) * place // reply.pieces for place in range(reply.pieces + 1)]
    apart_ns = reply.over_ns // reply.pieces
    return [(reply.due_ns, whole[:head])] + [
        (reply.due_ns + apart_ns * place, whole[begin:end])
        for place, (begin, end) in enumerate(pairwise(cuts), 1)
    ]


class Truth:
    """The server as a whole: its behaviour, its log, and the writes that are still due."""

    def __init__(self, behaviour: Behaviour, loop: asyncio.AbstractEventLoop) -> None:
        self._behaviour = behaviour
        self._decide: Decide | None = None
        self._start_ns = 0
        self._looked = False
        self._numbers = 0
        self._due: list[tuple[int, int, Connection, bytes, int, bool]] = []
        self._writes = 0
        self._timer = Timer(loop, self._write_due)
        self._beat = Timer(loop, self._note_stalls)
        self._beat_ns = time.monotonic_ns() + _BEAT_NS
        self._beat.set(self._beat_ns)
        self.connections = 0
        self.log = LogWriter()

    def take_request(self, connection: Connection, path: bytes, arrived_ns: int) -> None:
        """Log a complete request, and reply as the behaviour says."""
        if path == b"/up" or not self._looked:
            self._looked = self._looked or path != b"/up"
            connection.write(_RIGHT, at_end=False)
            return
        if self._decide is None:
            self._start_ns = arrived_ns
            self._decide = self._behaviour.start(arrived_ns)
        reply = self._decide(self._numbers, arrived_ns)
        self._numbers += 1
        *parts, (last_ns, last) = writes(reply)
        place = self.log.note_arrival(arrived_ns, last_ns, reply.kind, connection.number)
        at_end = reply.close or reply.kind in ("reset", "truncated")
        for at_ns, part in parts:
            self._push(at_ns, connection, part, -1, False)
        self._push(last_ns, connection, last, place, at_end)
        self._write_due()

    def _push(self, at_ns: int, connection: Connection, part: bytes, place: int, at_end: bool) -> None:
        self._writes += 1
        heappush(self._due, (at_ns, self._writes, connection, part, place, at_end))

    def _write_due(self) -> None:
        due = self._due
        while due and due[0][0] <= time.monotonic_ns():
            _, _, connection, part, place, at_end = heappop(due)
            at_ns = time.monotonic_ns()  # before it leaves: the client can have it before a write returns
            if connection.write(part, at_end) and place >= 0:
                self.log.note_reply(place, at_ns)
        if due:
            self._timer.set(due[0][0])

    def _note_stalls(self) -> None:
        now_ns = time.monotonic_ns()
        if now_ns - self._beat_ns > _LATE_NS:
            self.log.stalls.append((self._beat_ns, now_ns))
        self._beat_ns = now_ns + _BEAT_NS
        self._beat.set(self._beat_ns)

    def write_log(self, path: Path) -> None:
        behaviour = self._behaviour
        frozen = isinstance(behaviour, Freezing) and self._start_ns
        freezes = behaviour.freezes(self._start_ns, time.monotonic_ns()) if frozen else []  # type: ignore[union-attr]
        self.log.write(path, freezes)


class Connection(asyncio.Protocol):
    """One connection; it keeps the part of a request that has come so far."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._begun = b""
        self._transport: asyncio.Transport | None = None
        self.number = truth.connections
        truth.connections += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        arrived_ns = time.monotonic_ns()
        *whole, self._begun = (self._begun + data).split(_END)
        for head in whole:
            self._truth.take_request(self, head.split(b" ", 2)[1], arrived_ns)

    def write(self, part: bytes, at_end: bool) -> bool:
        """Write a part of a reply, and close the connection at its end; False where the peer has gone."""
        transport = self._transport
        if transport is None:
            return False
        transport.write(part)
        if at_end:
            transport.close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None


async def _serve(host: str, port: int, behaviour: Behaviour, log: Path) -> None:
    loop = asyncio.get_running_loop()
    truth, stopped = Truth(behaviour, loop), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(lambda: Connection(truth), host, port, backlog=1024)
    gc.collect()
    gc.freeze()
    gc.disable()
    await stopped.wait()
    server.close()
    truth.write_log(log)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), decode(sys.argv[3]), Path(sys.argv[4])))
