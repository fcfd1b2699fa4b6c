"""Ports that are free, and ports that are not."""

from __future__ import annotations

import socket
from contextlib import closing

from bench.system.ports import free_port, is_free


def test_a_free_port_is_free_and_one_in_use_is_not() -> None:
    port = free_port()
    assert is_free(port)
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        assert not is_free(taken.getsockname()[1])
