"""A server that sends its answers piece by piece, each once the client has read the one before, and notes the moments.

That the client has read is seen in the kernel's table of sockets, so that no two pieces can arrive as one.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.engines.scripted import Scripted

WAIT_S, PAUSE_S = 0.02, 0.004
_POLL_S, _MOST_POLLS = 0.0005, 20_000
_CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_EVENT = b"data: %03d\n\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def pieces(path: str, number: int) -> tuple[bytes, ...]:
    """The pieces of an answer; `number` makes the answers to `/varied` differ from each other."""
    if path == "/length":
        return (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", b"abc", b"def")
    if path == "/close":
        return (b"HTTP/1.1 200 OK\r\n\r\n", b"abc", b"def", b"ghi")
    if path == "/whole":
        return (_CHUNKED + _chunk(b"abc") + b"0\r\n\r\n",)
    said = number % 1000 if path == "/varied" else 0
    return (_CHUNKED + _chunk(_EVENT % said), _chunk(_EVENT % 1), _chunk(_EVENT % 2), b"0\r\n\r\n")


@dataclass
class Streamer:
    """The server, as long as the `with` block lasts: `notes` has for each answer its path and the moments, by
    CLOCK_MONOTONIC, right before each of its pieces was sent."""

    notes: list[tuple[str, list[int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._scripted = Scripted(self._serve)

    def __enter__(self) -> Streamer:
        self._scripted.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._scripted.__exit__(*exc)

    @property
    def port(self) -> int:
        return self._scripted.port

    def _serve(self, scripted: Scripted, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while head := scripted.read(connection):
            path = head.split(b" ", 2)[1].decode()
            time.sleep(WAIT_S)
            moments: list[int] = []
            self.notes.append((path, moments))
            for place, piece in enumerate(pieces(path, len(self.notes))):
                if place:
                    self._await_read(connection)
                    time.sleep(PAUSE_S)
                moments.append(time.monotonic_ns())
                connection.sendall(piece)
            if path == "/close":
                self._await_read(connection)
                return

    def _await_read(self, connection: socket.socket) -> None:
        """Wait until the client has read all that was sent, or has gone."""
        client = f":{connection.getpeername()[1]:04X}"
        for _ in range(_MOST_POLLS):
            if not _unread_bytes(client, f":{self.port:04X}"):
                return
            time.sleep(_POLL_S)
        raise TimeoutError


def _unread_bytes(client: str, server: str) -> int:
    """Bytes that wait in the client's socket, or are on their way from the server's."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, queues, *_ = line.split()
        if local.endswith(client) and remote.endswith(server):
            return int(queues.partition(":")[2], 16)
    return 0
