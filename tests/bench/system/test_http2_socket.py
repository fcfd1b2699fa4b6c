"""HTTP/2 that looks like a socket, against a server of HTTP/2 on a thread."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from bench.system.http2 import Http2Error
from bench.system.http2_socket import Http2Socket
from tests.bench.system.frames import goaway
from tests.bench.system.http2_peer import Exchange, Http2Peer

GET = b"GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"
PLAIN = b"HTTP/1.1 200 \r\ncontent-length: 5\r\nx-worker: 4242\r\n\r\nhello"


@pytest.fixture
def peer() -> Iterator[Http2Peer]:
    with Http2Peer() as running:
        yield running


def connect(peer: Http2Peer, timeout_s: float = 5.0) -> Http2Socket:
    return Http2Socket(socket.create_connection(("127.0.0.1", peer.port), timeout_s))


@pytest.fixture
def connection(peer: Http2Peer) -> Iterator[Http2Socket]:
    made = connect(peer)
    yield made
    made.close()


def read(connection: Http2Socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        got += connection.recv(65536)
    return got


def test_requests_and_answers_are_those_of_http1(peer: Http2Peer, connection: Http2Socket) -> None:
    for _ in range(3):
        assert connection.send(memoryview(GET)) == len(GET)
        assert read(connection, len(PLAIN)) == PLAIN
    assert (peer.seen["/ok"], peer.connections) == (3, 1)


def test_a_file_over_it_reads_in_any_portions(connection: Http2Socket) -> None:
    connection.sendall(GET)
    file = connection.makefile("rb")
    assert file.readline() == b"HTTP/1.1 200 \r\n"
    assert file.read(len(PLAIN) - 15) == PLAIN[15:]


def test_an_upload_goes_out_while_the_answer_is_awaited(peer: Http2Peer, connection: Http2Socket) -> None:
    body = b"x" * (3 << 20)
    connection.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
    connection.sendall(body)
    assert read(connection, len(PLAIN)) == PLAIN
    assert peer.bodies == [body]


def test_no_answer_is_a_timeout(connection: Http2Socket) -> None:
    connection.settimeout(0.05)
    connection.sendall(GET.replace(b"/ok", b"/silent"))
    with pytest.raises(TimeoutError):
        connection.recv(100)


def test_the_end_of_the_connection_is_no_bytes(connection: Http2Socket) -> None:
    connection.sendall(GET.replace(b"/ok", b"/closes"))
    assert connection.recv(100) == b""


def test_a_fault_is_an_error(connection: Http2Socket) -> None:
    connection.sendall(GET.replace(b"/ok", b"/refused"))
    with pytest.raises(Http2Error, match="reset: REFUSED_STREAM"):
        connection.recv(100)


def test_a_look_reads_settings_and_finds_an_idle_connection_alive(connection: Http2Socket) -> None:
    """The frames of a connection that is at work are no answer, nor its end."""
    connection.sendall(GET.replace(b"/ok", b"/ping"))
    read(connection, len(PLAIN))
    for _ in range(2):
        with pytest.raises(BlockingIOError):
            connection.recv(1, socket.MSG_PEEK)


def test_a_look_finds_that_the_server_takes_no_more() -> None:
    def answer(one: Exchange) -> None:
        one.answer()
        one.send(goaway(one.stream))

    with Http2Peer({"/ok": answer}) as peer:
        connection = connect(peer)
        connection.sendall(GET)
        assert read(connection, len(PLAIN)) == PLAIN
        assert connection.recv(1, socket.MSG_PEEK) == b""
        connection.close()
