"""Addresses of servers, and how requests name them."""

from __future__ import annotations

from bench.model.address import Address, Tls

PLAIN, SIX = Address("127.0.0.1", 80), Address("::1", 8000)


def test_an_ipv6_address_has_brackets() -> None:
    assert [one.authority for one in (PLAIN, SIX)] == ["127.0.0.1:80", "[::1]:8000"]
    assert [one.url for one in (PLAIN, SIX)] == ["http://127.0.0.1:80", "http://[::1]:8000"]


def test_a_name_of_its_own_stands_in_the_host_line_alone() -> None:
    named = Address("127.0.0.1", 80, host_header="app.test", prefix="/api")
    assert (named.authority, named.url) == ("app.test", "http://127.0.0.1:80")


def test_a_unix_socket_is_localhost_to_requests_and_a_place_of_its_own() -> None:
    one, other = (Address("localhost", 0, socket=f"/run/{name}.sock") for name in "ab")
    assert (one.authority, one.url, one.scheme) == ("localhost", "unix:/run/a.sock", "http")
    assert one.place == ("/run/a.sock", 0) != other.place
    assert SIX.place == ("::1", 8000)


def test_tls_is_in_the_url_and_verifies_the_host_unless_a_name_is_given() -> None:
    secure = Address("::1", 8443, host_header="app.test", tls=Tls())
    assert (secure.authority, secure.url) == ("app.test", "https://[::1]:8443")
    assert secure.server_name == "::1"
    assert Address("::1", 8443, tls=Tls(name="app.test")).server_name == "app.test"
