"""What stands below Locust's clients: where it connects to, and what a client of Locust's is shown of an answer."""

from __future__ import annotations

import ssl

import pytest

from bench.engines.locust_transport import Transport, channel_to
from bench.model.address import Tls
from bench.system.tls import context
from scenarios.model import Request
from tests.bench.engines.peer import Peer

ADDRESSES = {
    "http://127.0.0.1:8000": ("127.0.0.1", 8000, "127.0.0.1:8000", ""),
    "http://shop.example": ("shop.example", 80, "shop.example", ""),
    "https://shop.example/api/": ("shop.example", 443, "shop.example", "/api"),
    "http://[::1]:8000/api": ("::1", 8000, "[::1]:8000", "/api"),
    "http://me:secret@shop.example:81": ("shop.example", 81, "shop.example:81", ""),
}


@pytest.mark.parametrize(("url", "expected"), ADDRESSES.items(), ids=ADDRESSES)
def test_the_address_is_that_of_the_url(url: str, expected: tuple[str, int, str, str]) -> None:
    address = channel_to(url, 1.0, verifies=True).address
    assert (address.host, address.port, address.authority, address.prefix) == expected


@pytest.mark.parametrize(
    ("verifies", "mode"), [(True, ssl.CERT_REQUIRED), (False, ssl.CERT_NONE)], ids=["verifies", "does not"]
)
def test_tls_is_spoken_where_the_url_says_so(verifies: bool, mode: ssl.VerifyMode) -> None:
    channel = channel_to("https://shop.example", 1.0, verifies=verifies)
    assert channel.address.tls is not None
    assert context(channel.address.tls).verify_mode is mode
    assert channel_to("http://shop.example", 1.0, verifies=verifies).address.tls is None


def test_a_unix_socket_with_an_authority_speaks_tls() -> None:
    url = "unix:/run/app.sock?1"
    assert channel_to(url, 1.0, verifies=False, ca="/run/ca.pem").address.tls == Tls(ca="/run/ca.pem")
    plain = channel_to(url, 1.0, verifies=False).address
    assert (plain.tls, plain.socket) == (None, "/run/app.sock?1")


@pytest.mark.parametrize("kind", ["http", "unix"])
def test_http2_is_spoken_where_it_is_asked_for(kind: str) -> None:
    url = {"http": "http://shop.example", "unix": "unix:/run/app.sock"}[kind]
    assert channel_to(url, 1.0, verifies=True, http2=True).address.http2
    assert not channel_to(url, 1.0, verifies=True).address.http2


def test_a_fault_is_of_one_request_alone(peer: Peer) -> None:
    transport = Transport(channel_to(f"http://127.0.0.1:{peer.port}", 5.0, verifies=True))
    transport.expect(Request("GET", "/truncated"))
    with pytest.raises(Exception, match="truncated"):
        transport.exchange()
    assert (transport.fault, transport.response.status) == ("truncated", 0)
    transport.expect(Request("GET", "/ok"))
    assert transport.exchange() == transport.response
    assert (transport.fault, transport.response.body) == ("", b"hello")
    transport.channel.close()
