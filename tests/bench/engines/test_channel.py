"""A blocking connection: each answer is judged by the native engine's reader, and each loss has its name for it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from bench.engines.channel import Channel, ExchangeError
from bench.model.address import Address
from bench.system.ports import free_port
from scenarios.model import Request
from tests.bench.engines.peer import BEHAVIOURS, Peer, answer
from tests.bench.engines.scripted import Scripted, reset, unread

OK = Request("GET", "/ok")
HELLO = answer()


def channel_to(port: int, timeout_s: float = 5.0) -> Channel:
    return Channel(Address("127.0.0.1", port), timeout_s=timeout_s)


@pytest.fixture
def channel(peer: Peer) -> Iterator[Channel]:
    made = channel_to(peer.port, 0.3)
    yield made
    made.close()


RIGHT = ("/ok", "/chunked", "/pieces", "/continue", "/says-close", "/until-close", "/just-closes")


def test_right_answers_are_read_one_after_the_other(channel: Channel, peer: Peer) -> None:
    for path in RIGHT * 2:
        response = channel.send(Request("GET", path))
        assert (response.status, response.body) == (200, b"hello")
    assert channel.resent <= 2  # its server may not have closed yet, after the answer that does not say so


def test_answers_without_a_body(channel: Channel, peer: Peer) -> None:
    for _ in range(2):
        assert channel.send(Request("HEAD", "/head")).body == b""
        assert channel.send(Request("GET", "/no-content")).status == 204
    assert peer.connections == 1


FAILS = {
    "/garbage": "garbage: not an HTTP/1.1 response",
    "/twice": "garbage: bytes after the end of the answer",
    "/truncated": "truncated",
    "/no-answer": "reset",
    "/reset": "reset",
    "/silent": "timeout",
    "/stalls": "timeout",
}


@pytest.mark.parametrize(("path", "kind"), FAILS.items(), ids=FAILS)
def test_a_failure_has_the_native_engines_name(path: str, kind: str, channel: Channel, peer: Peer) -> None:
    assert path in BEHAVIOURS
    with pytest.raises(ExchangeError) as caught:
        channel.send(Request("GET", path))
    assert str(caught.value) == kind
    assert peer.seen[path] == 1
    assert channel.send(OK).body == b"hello"


def test_a_server_that_is_not_there_refuses() -> None:
    with pytest.raises(ExchangeError) as caught:
        channel_to(free_port()).send(OK)
    assert str(caught.value) == "refused"


def test_a_request_is_written_as_every_engine_writes_it() -> None:
    with Scripted(lambda server, one: one.sendall(HELLO) if server.read(one) else None) as server:
        channel = Channel(
            Address("127.0.0.1", server.port, host_header="shop.example", prefix="/api"), timeout_s=5
        )
        channel.send(Request("GET", "/a?b", headers=(("X-A", "1"), ("X-A", "2"))))
        channel.close()
    assert server.heads == [b"GET /api/a?b HTTP/1.1\r\nHost: shop.example\r\nX-A: 1\r\nX-A: 2\r\n\r\n"]


def test_a_stray_byte_between_two_requests_costs_the_connection_alone() -> None:
    def strays(server: Scripted, one: socket.socket) -> None:
        server.read(one)
        one.sendall(HELLO)
        server.may_close.wait(5)
        one.sendall(b"!")
        server.read(one)

    def answers(server: Scripted, one: socket.socket) -> None:
        server.read(one)
        one.sendall(HELLO)

    with Scripted(strays, answers) as server:
        channel = channel_to(server.port)
        channel.send(OK)
        server.may_close.set()
        connection = channel._socket
        assert connection is not None
        connection.settimeout(5)
        connection.recv(1, socket.MSG_PEEK)  # until it is here
        assert channel.send(OK).body == b"hello"
        channel.close()
    assert server.connections == 2


def closing(how: Callable[[socket.socket], object]) -> Callable[[Scripted, socket.socket], None]:
    """Answers one request, and then closes in some way."""

    def script(server: Scripted, one: socket.socket) -> None:
        server.read(one)
        one.sendall(HELLO)
        how(one)

    return script


def serving(server: Scripted, one: socket.socket) -> None:
    while server.read(one):
        one.sendall(HELLO)


def read_on(connection: socket.socket) -> None:
    connection.recv(65536)


def read_and_reset(connection: socket.socket) -> None:
    connection.recv(65536)
    reset(connection)


LOST = {
    "unread": (unread, OK, True),
    "unread, but it may have had an effect": (unread, Request("POST", "/ok"), False),
    "unread, but too large to tell": (unread, Request("PUT", "/ok", bytes(50_000)), False),
    "read, and then closed": (read_on, OK, False),
}


@pytest.mark.parametrize(("how", "request_", "is_sent_again"), LOST.values(), ids=LOST)
def test_what_the_server_closed_unread_is_sent_again(
    how: Callable[[socket.socket], object], request_: Request, is_sent_again: bool
) -> None:
    with Scripted(closing(how), serving) as server:
        channel = channel_to(server.port)
        channel.send(OK)
        if is_sent_again:
            assert channel.send(request_).body == b"hello"
        else:
            with pytest.raises(ExchangeError, match="reset"):
                channel.send(request_)
        channel.close()
    assert channel.resent == is_sent_again


def test_it_is_sent_again_once() -> None:
    with Scripted(closing(unread), lambda _, one: unread(one)) as server:
        channel = channel_to(server.port)
        channel.send(OK)
        with pytest.raises(ExchangeError, match="reset"):
            channel.send(OK)
        assert (channel.resent, server.connections) == (1, 2)
        with pytest.raises(ExchangeError, match="reset"):
            channel.send(OK)
        channel.close()
    assert (channel.resent, server.connections) == (1, 3)


BIG = Request("POST", "/", bytes(8_000_000))
REFUSAL = answer(b"big", "413 Content Too Large", b"Connection: close\r\n")


def refuse(server: Scripted, one: socket.socket) -> None:
    server.read(one)
    one.sendall(REFUSAL)


def refuse_and_wait(server: Scripted, one: socket.socket) -> None:
    refuse(server, one)
    server.may_close.wait(5)


@pytest.mark.parametrize("script", [refuse, refuse_and_wait], ids=["and closes", "and stays"])
def test_a_refusal_before_the_body_was_read_is_an_answer(
    script: Callable[[Scripted, socket.socket], None],
) -> None:
    with Scripted(script) as server:
        channel = channel_to(server.port)
        for _ in range(3):
            response = channel.send(BIG)
            assert (response.status, response.body) == (413, b"big")
            server.may_close.set()
        channel.close()


def test_a_large_body_arrives_whole() -> None:
    received = []

    def swallow(server: Scripted, one: socket.socket) -> None:
        head = server.read(one)
        rest = len(BIG.body) - len(head.partition(b"\r\n\r\n")[2])
        while rest:
            rest -= len(one.recv(65536))
        received.append(rest)
        one.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" + HELLO)

    with Scripted(swallow) as server:
        channel = channel_to(server.port)
        assert channel.send(BIG).body == b"hello"
        channel.close()
    assert received == [0]
