"""A server of the standard library that answers on a thread, as long as a block lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from typing import TypeVar

T = TypeVar("T", bound=BaseServer)


@contextmanager
def on_thread(server: T) -> Iterator[T]:
    """The server, which is closed with the block."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
