"""URLs and headers of recorded requests."""

from __future__ import annotations

import pytest

from bench.errors import UsageError
from bench.starter.recording.exchanges import Exchange, all_of, find, parse_url


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Shop.example.com:443/x", "https://shop.example.com"),
        ("http://shop.example.com:80", "http://shop.example.com"),
        ("http://shop.example.com:443/", "http://shop.example.com:443"),
        ("http://[::1]:8000/x", "http://[::1]:8000"),
        ("http://127.0.0.1:8000/x?y#z", "http://127.0.0.1:8000"),
    ],
)
def test_an_origin_has_a_port_where_it_is_not_the_usual_one(address: str, origin: str) -> None:
    assert Exchange(where="", method="GET", url=parse_url(address)).origin == origin


def test_a_url_becomes_ascii_and_loses_its_fragment() -> None:
    assert parse_url("http://a.test/ü b?q=ü%20#top").geturl() == "http://a.test/%C3%BC%20b?q=%C3%BC%20"


@pytest.mark.parametrize(
    "address", ["", "/x", "a.test/x", "ftp://a.test/", "http://", "http://a:b/", "http://[1/", "http://a:0/"]
)
def test_another_url_is_refused_without_what_may_be_secret_in_it(address: str) -> None:
    with pytest.raises(UsageError, match="URL"):
        parse_url(address)


def test_headers_are_found_in_any_case() -> None:
    headers = (("A", "1"), ("set-Cookie", "2"), ("Set-Cookie", "3"))
    assert (find(headers, "set-cookie"), find(headers, "b")) == ("2", "")
    assert list(all_of(headers, "set-cookie")) == ["2", "3"]
