"""What the tests of WebSockets share: servers that follow a script, and flows under each driver."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Protocol

import uvloop

from bench.engines.bursts import Bursts
from bench.engines.channel import Channel, ExchangeError
from bench.engines.job import Job
from bench.model.address import Address
from bench.model.plan import ClosedLoad
from scenarios.model import Flow, Request, Response, drive
from tests.bench.engines.scripted import Scripted

ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # of RFC 6455, section 1.3
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n"
)
READ = object()
"""A move of a script: read one frame of the client."""
Outcomes = list[tuple[str, str]]


class Drive(Protocol):
    """Runs sessions of a flow against a port, one after the other; gives the requests with their outcomes."""

    def __call__(
        self, port: int, flow: Callable[[Random], Flow], *, sessions: int = 1, timeout_s: float = 5.0
    ) -> Outcomes: ...


def text(payload: bytes, first: int = 0x81) -> bytes:
    """A small frame of a server."""
    assert len(payload) < 126
    return bytes((first, len(payload))) + payload


def close(code: int) -> bytes:
    return text(code.to_bytes(2, "big"), 0x88)


class Script:
    """Answers a handshake, then makes its moves: bytes to send, or READ; `frames` are those that it read."""

    def __init__(self, *moves: object, switch: bytes = SWITCH) -> None:
        self.frames: list[tuple[int, bytes]] = []
        self._moves = moves
        self._switch = switch

    def __call__(self, server: Scripted, one: socket.socket) -> None:
        if not server.read(one):
            return
        glued = b""
        moves: Sequence[object] = self._moves
        while moves and isinstance(moves[0], bytes):
            glued, moves = glued + moves[0], moves[1:]
        one.sendall(self._switch + glued)
        for move in moves:
            if isinstance(move, bytes):
                one.sendall(move)
            else:
                self.frames.append(read_frame(one))


def read_frame(one: socket.socket) -> tuple[int, bytes]:
    """The first byte and the payload of a client's small frame, unmasked."""
    first, size = _exactly(one, 2)
    assert size & 0x80, "a client masks"
    key = _exactly(one, 4)
    return first, bytes(byte ^ key[at % 4] for at, byte in enumerate(_exactly(one, size & 0x7F)))


def _exactly(one: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = one.recv(count - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def native(
    port: int, flow: Callable[[Random], Flow], *, sessions: int = 1, timeout_s: float = 5.0
) -> Outcomes:
    """The requests of sessions, one after the other, with their outcomes, under the native engine."""

    async def run() -> Outcomes:
        folder = Path(tempfile.mkdtemp())
        address = Address("127.0.0.1", port)
        job = Job(address, "talk", ClosedLoad(1, 1.0, 0.0), folder / "samples", timeout_s=timeout_s)
        bursts = Bursts(job, flow, 1)
        try:
            await bursts.closed(sessions)
        finally:
            samples = bursts.close()
        return [
            (samples.labels[label], samples.outcomes[outcome])
            for label, outcome in zip(samples.label, samples.outcome, strict=True)
        ]

    return uvloop.run(run())


def blocking(
    port: int, flow: Callable[[Random], Flow], *, sessions: int = 1, timeout_s: float = 5.0
) -> Outcomes:
    """The same under the connection of the check and of Locust."""
    channel = Channel(Address("127.0.0.1", port), timeout_s=timeout_s)
    outcomes: Outcomes = []
    labels: list[str] = []

    def send(request: Request) -> Response:
        labels.append(request.label)
        return channel.send(request)

    def run() -> None:
        for request, response in drive(flow(Random(0)), send):
            fault = request.fault(response)
            outcomes.append((request.label, fault or "ok"))
            if fault:
                return

    for _ in range(sessions):
        try:
            run()
        except ExchangeError as error:
            outcomes.append((labels[-1], str(error)))
        finally:
            channel.end_session()
    channel.close()
    return outcomes


DRIVERS: dict[str, Drive] = {"native": native, "blocking": blocking}
