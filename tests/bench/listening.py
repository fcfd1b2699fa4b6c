"""A server on a thread and a port of its own, which a test writes by hand."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from typing import Self


class Listening(ABC):
    """Listens for as long as the `with` block lasts, and counts its `connections`."""

    def __init__(self) -> None:
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self.accepted(connection)

    @abstractmethod
    def accepted(self, connection: socket.socket) -> None:
        """Take a connection, which is to be closed."""
