"""Requests of HTTP/1.1, held against h11: another implementation, written from the same standard."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.engines.encoding import encode
from scenarios.model import Request

quick = settings(max_examples=60, derandomize=True, deadline=None)

TOKENS = st.text("ABCabc-", min_size=1, max_size=10)


@quick
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    path=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40).map(
        lambda rest: "/" + rest
    ),
    body=st.binary(max_size=80),
    headers=st.lists(
        st.tuples(TOKENS.map(lambda name: f"X-{name}"), st.text("abc ;=", max_size=20).map(str.strip)),
        max_size=4,
    ),
)
def test_h11_reads_a_request_as_it_was_meant(
    method: str, path: str, body: bytes, headers: list[tuple[str, str]]
) -> None:
    server = h11.Connection(h11.SERVER)
    server.receive_data(encode(Request(method, path, body, tuple(headers)), "127.0.0.1:80"))
    request = server.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method.decode(), request.target.decode()) == (method, path)
    own = [(b"host", b"127.0.0.1:80"), *((n.lower().encode(), v.encode()) for n, v in headers)]
    assert [header for header in request.headers if header[0] != b"content-length"] == own

    received = bytearray()
    while isinstance(event := server.next_event(), h11.Data):
        received += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert (bytes(received), server.trailing_data) == (body, (b"", False))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_request_that_could_have_a_body_says_that_it_has_none(method: str) -> None:
    assert b"\r\nContent-Length: 0\r\n" in encode(Request(method, "/"), "x")


def lines(request: Request) -> list[bytes]:
    return encode(request, "127.0.0.1:80").partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]


@pytest.mark.parametrize("name", ["Host", "host"])
def test_a_host_of_the_requests_own_stands_alone(name: str) -> None:
    assert lines(Request("GET", "/", headers=((name, "shop.example"),))) == [f"{name}: shop.example".encode()]


@pytest.mark.parametrize("own", [("content-length", "2"), ("Transfer-Encoding", "chunked")])
def test_a_framing_of_the_requests_own_stands_alone(own: tuple[str, str]) -> None:
    sent = lines(Request("POST", "/", b"ok", (own,)))
    assert sent == [b"Host: 127.0.0.1:80", ": ".join(own).encode()]
