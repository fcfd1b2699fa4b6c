"""A connection over HTTP/2 that looks like a socket over which HTTP/1.1 goes, for those who wait for their answers."""

from __future__ import annotations

import io
import select
import socket
import ssl
import time
from typing import Any, Self

from bench.system.http2 import Translation

_READ_BYTES = 256 * 1024


class Http2Socket:
    """What `http.client` and a Channel need of a socket. It owns the connected socket that it is given.

    `sendall` and `send` take a request, or pieces of one; `recv` gives an answer. They raise Http2Error, and what a
    socket raises.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._translation = Translation("https" if isinstance(connection, ssl.SSLSocket) else "http")
        self._unwritten = memoryview(b"")
        self._answer = b""
        self._timeout_s = connection.gettimeout()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def settimeout(self, seconds: float | None) -> None:
        self._timeout_s = seconds

    def fileno(self) -> int:
        return self._socket.fileno()

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        return self._socket.getsockopt(level, option, size)

    def close(self) -> None:
        self._socket.close()

    def sendall(self, data: Any) -> None:
        self.send(data)

    def send(self, data: Any) -> int:
        """Take all of the data; what the server has no room for yet goes out while an answer is awaited."""
        self._translation.send(bytes(data))
        self._write()
        return len(data)

    def recv(self, most: int, flags: int = 0) -> bytes:
        """Bytes of the answer, all that are there; empty at the connection's end. Raises TimeoutError.

        With MSG_PEEK it does not wait: it raises BlockingIOError where the connection stands and nothing came.
        """
        if flags & socket.MSG_PEEK:
            return self._peek()
        until_s = None if self._timeout_s is None else time.monotonic() + self._timeout_s
        while not self._answer:
            if not self._has_read(until_s):
                return b""
        answer, self._answer = self._answer, b""
        return answer

    def recv_into(self, buffer: Any) -> int:
        """As a file object over a socket reads: into a buffer."""
        if not self._answer:
            self._answer = self.recv(_READ_BYTES)
        piece, self._answer = self._answer[: len(buffer)], self._answer[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)

    def makefile(self, mode: str = "rb") -> io.BufferedReader:
        return io.BufferedReader(_Raw(self))

    def _peek(self) -> bytes:
        while _waits(self._socket, select.POLLIN, 0):
            if not self._has_read(time.monotonic()):
                return b""
        if self._translation.is_over:
            return b""
        raise BlockingIOError

    def _has_read(self, until_s: float | None) -> bool:
        """Take in what comes next, and write meanwhile; False at the connection's end. Raises TimeoutError."""
        wanted = select.POLLIN | (select.POLLOUT if self._unwritten else 0)
        left_s = None if until_s is None else max(0.0, until_s - time.monotonic())
        events = _waits(self._socket, wanted, left_s)
        if not events:
            raise TimeoutError("timed out")
        if events & ~select.POLLOUT:
            self._socket.setblocking(False)
            try:
                data = self._socket.recv(_READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return True
            if not data:
                return False
            self._answer += self._translation.receive(data)
        self._write()
        return True

    def _write(self) -> None:
        """Write as much as goes at once. Nothing is left where the server is gone, as its answer may be here."""
        if frames := self._translation.take():
            self._unwritten = memoryview(bytes(self._unwritten) + frames)
        self._socket.setblocking(False)
        try:
            while self._unwritten:
                self._unwritten = self._unwritten[self._socket.send(self._unwritten) :]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except (BrokenPipeError, ConnectionResetError):
            self._unwritten = memoryview(b"")


class _Raw(io.RawIOBase):
    def __init__(self, connection: Http2Socket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.recv_into(buffer)


def _waits(connection: socket.socket, wanted: int, seconds: float | None) -> int:
    """The events for which a socket is ready in this time; bytes that TLS has decrypted already count."""
    if isinstance(connection, ssl.SSLSocket) and connection.pending():
        return select.POLLIN
    poll = select.poll()
    poll.register(connection, wanted)
    events = poll.poll(None if seconds is None else seconds * 1000)
    return events[0][1] if events else 0
