"""Open connections, held against those that a test opens itself."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.observe.sockets import connections, listeners, unix_listeners


@pytest.mark.parametrize(
    ("listener", "address"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::", "127.0.0.1")],
    ids=["IPv4", "IPv6", "IPv4 asked of a listener for both"],
)
def test_connections_of_a_port_are_counted_at_the_servers_end_alone(listener: str, address: str) -> None:
    """One that was closed at either end is no longer established; one that nobody accepted yet is."""
    both = listener == "::"
    with ExitStack() as stack:
        family = socket.AF_INET6 if ":" in listener else socket.AF_INET
        server = stack.enter_context(
            socket.create_server((listener, 0), family=family, dualstack_ipv6=both, backlog=8)
        )
        port = server.getsockname()[1]
        assert connections(port) == 0
        clients = [stack.enter_context(socket.create_connection((address, port))) for _ in range(5)]
        assert connections(port) == 5
        accepted, _ = server.accept()
        assert connections(port) == 5
        accepted.close()
        clients[4].close()
        assert connections(port) == 3


def test_sockets_that_listen_are_told_by_their_inodes() -> None:
    with ExitStack() as stack:
        two = [
            stack.enter_context(socket.create_server((address, 0), family=family))
            for address, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6))
        ]
        for server in two:
            port, inode = server.getsockname()[1], os.fstat(server.fileno()).st_ino
            client = stack.enter_context(socket.create_connection(server.getsockname()[:2]))
            assert listeners(port) == {inode}
            assert inode in listeners()
            assert listeners(client.getsockname()[1]) == frozenset()
    assert listeners(port) == frozenset()


def test_a_unix_socket_that_listens_is_told_by_its_inode_and_its_connections_are_not(tmp_path: Path) -> None:
    path, other = str(tmp_path / "a b.sock"), str(tmp_path / "a b.sock2")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as second:
        server.bind(path)
        assert unix_listeners(path) == frozenset()
        server.listen()
        second.bind(other)
        second.listen()
        inode = os.fstat(server.fileno()).st_ino
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            accepted, _ = server.accept()
            assert unix_listeners(path) == {inode}
            accepted.close()
    assert unix_listeners(path) == frozenset()
