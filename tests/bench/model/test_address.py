"""Addresses of servers, and how requests name them."""

from __future__ import annotations

from bench.model.address import Address

PLAIN, SIX = Address("127.0.0.1", 80), Address("::1", 8000)


def test_an_ipv6_address_has_brackets() -> None:
    assert [one.authority for one in (PLAIN, SIX)] == ["127.0.0.1:80", "[::1]:8000"]
    assert [one.url for one in (PLAIN, SIX)] == ["http://127.0.0.1:80", "http://[::1]:8000"]


def test_a_name_of_its_own_stands_in_the_host_line_alone() -> None:
    named = Address("127.0.0.1", 80, host_header="app.test", prefix="/api")
    assert (named.authority, named.url) == ("app.test", "http://127.0.0.1:80")
