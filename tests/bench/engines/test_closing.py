"""Whether a connection was closed before a request reached it, as the kernel knows it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from bench.engines.closing import is_repeatable, may_be_unread, was_closed_before


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        server, _ = listener.accept()
        with server:
            yield client, server


def test_closed_before_the_request(ends: tuple[socket.socket, socket.socket]) -> None:
    client, server = ends
    server.close()
    assert client.recv(1) == b""
    client.send(b"GET")
    assert was_closed_before(client)


def test_closed_after_it_was_read(ends: tuple[socket.socket, socket.socket]) -> None:
    client, server = ends
    client.send(b"GET")
    server.recv(3)
    server.close()
    assert client.recv(1) == b""
    assert not was_closed_before(client)


def test_open(ends: tuple[socket.socket, socket.socket]) -> None:
    assert not was_closed_before(ends[0])


def test_not_of_tcp() -> None:
    left, right = socket.socketpair()
    with left, right:
        assert not was_closed_before(left)


def test_closed_here(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[0].close()
    assert not was_closed_before(ends[0])


def test_a_request_of_some_kilobytes_is_read_as_a_whole() -> None:
    assert may_be_unread(bytes(16_384))
    assert not may_be_unread(bytes(16_385))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_these_may_be_sent_again(method: str) -> None:
    assert is_repeatable(method)


@pytest.mark.parametrize("method", ["POST", "PATCH", "get"])
def test_these_may_not(method: str) -> None:
    assert not is_repeatable(method)
