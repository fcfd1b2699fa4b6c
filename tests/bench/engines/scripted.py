"""A raw server on a thread that follows a script: what it does on its first connection, on its second, and so on."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

from tests.bench.listening import Listening

Script = Callable[[socket.socket], None]


class Scripted(Listening):
    """Listens for as long as the `with` block lasts; the last script repeats. `heads` are the requests it read.

    A script may wait for `may_close`.
    """

    def __init__(self, *scripts: Callable[[Scripted, socket.socket], None]) -> None:
        super().__init__()
        self.heads: list[bytes] = []
        self.may_close = threading.Event()
        self._scripts = scripts

    def accepted(self, connection: socket.socket) -> None:
        """Play the next script."""
        connection.settimeout(5)
        script = self._scripts[min(self.connections, len(self._scripts)) - 1]
        with connection, contextlib.suppress(ConnectionError, TimeoutError):
            script(self, connection)

    def read(self, connection: socket.socket) -> bytes:
        """The head of the next request; empty where the client closed."""
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(65536)
            if not data:
                return b""
            head += data
        self.heads.append(head)
        return head


def refuse_what_is_no_request(server: Scripted, connection: socket.socket) -> None:
    """Answer 400 to the first bytes, as servers without TLS do to a handshake."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def reset(connection: socket.socket) -> None:
    """Close with a reset, whatever was read."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def unread(connection: socket.socket) -> None:
    """Wait for the next request and leave it unread, so that the system resets the connection at its close."""
    connection.recv(1, socket.MSG_PEEK)
