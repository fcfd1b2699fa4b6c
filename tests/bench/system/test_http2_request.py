"""Requests of HTTP/1.1 as HTTP/2 has them; how they reach a server is the business of test_http2."""

from __future__ import annotations

import pytest

from bench.system.http2_request import read_request

HEAD = b"PUT /a%20b?c=d HTTP/1.1\r\nHost: x.example\r\n"
PSEUDO = ((b":method", b"PUT"), (b":authority", b"x.example"), (b":path", b"/a%20b?c=d"))


def test_pseudo_header_fields_come_first() -> None:
    request = read_request(HEAD + b"X-B:  two words \r\nx-a: 1\r\nX-B:\r\n\r\n")
    assert request is not None
    assert request.fields == (*PSEUDO, (b"x-b", b"two words"), (b"x-a", b"1"), (b"x-b", b""))
    assert (request.body, request.is_head, request.closes) == (b"", False, False)


FORBIDDEN = (
    b"Connection: keep-alive, X-Mine",
    b"X-Mine: 1",
    b"Keep-Alive: 1",
    b"Proxy-Connection: 1",
    b"Upgrade: h2c",
    b"HTTP2-Settings: AA",
    b"TE: gzip",
)


def test_fields_of_one_connection_are_left_out() -> None:
    request = read_request(HEAD + b"".join(line + b"\r\n" for line in FORBIDDEN) + b"\r\n")
    assert request is not None
    assert request.fields == PSEUDO


def test_the_one_te_that_may_stay() -> None:
    request = read_request(HEAD + b"TE: trailers\r\n\r\n")
    assert request is not None
    assert request.fields == (*PSEUDO, (b"te", b"trailers"))


def test_close_is_kept_as_a_wish() -> None:
    request = read_request(HEAD + b"connection: Close\r\n\r\n")
    assert request is not None
    assert request.closes


@pytest.mark.parametrize(
    "wire",
    [
        HEAD,
        HEAD + b"Content-Length: 3\r\n\r\nab",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
    ],
)
def test_one_that_is_not_whole_is_none(wire: bytes) -> None:
    assert read_request(wire) is None


def test_bodies() -> None:
    for framing in (
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ):
        request = read_request(HEAD + framing)
        assert request is not None
        assert request.body == b"hello"


def test_a_websocket_has_no_way_through() -> None:
    """RFC 8441 would be one: no server here offers it."""
    with pytest.raises(ValueError, match="take a setup without http2"):
        read_request(HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")


def test_framing_that_is_not_that_of_the_body() -> None:
    with pytest.raises(ValueError, match="Content-Length is not that of its body"):
        read_request(HEAD + b"Content-Length: 5\r\n\r\nhello!")
    with pytest.raises(ValueError, match="chunks are broken"):
        read_request(HEAD + b"Transfer-Encoding: chunked\r\n\r\nhello")
