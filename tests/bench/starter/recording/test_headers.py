"""Which headers and cookies of a recording are written."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from bench.starter.recording.exchanges import Answer, Exchange
from bench.starter.recording.headers import cookies, set_by, that_matter


def asked(*headers: tuple[str, str], method: str = "GET", answer: Answer | None = None) -> Exchange:
    return Exchange(where="", method=method, url=urlsplit("http://a.test/"), headers=headers, answer=answer)


def test_headers_of_connection_and_browser_are_left_out() -> None:
    sent = (
        *(("Host", "a"), ("connection", "keep-alive"), ("Content-Length", "3"), ("Cookie", "a=1")),
        *(("User-Agent", "B"), ("sec-ch-ua", "x"), ("Sec-Fetch-Mode", "cors"), ("Origin", "http://a.test")),
        *(("If-None-Match", '"1"'), ("traceparent", "00-1"), ("Content-Type", "text/plain")),
        *(
            ("authorization", "Bearer x"),
            ("x-shop", "1"),
            ("X-Requested-With", "XMLHttpRequest"),
            ("Range", "bytes=0-9"),
        ),
    )
    kept, left_out = that_matter(asked(*sent))
    assert kept == (
        ("Authorization", "Bearer x"),
        ("X-Shop", "1"),
        ("X-Requested-With", "XMLHttpRequest"),
        ("Range", "bytes=0-9"),
    )
    assert left_out == ("user-agent", "sec-ch-ua", "sec-fetch-mode", "origin", "if-none-match", "traceparent")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("*/*", ""),
        ("application/json, text/plain, */*", ""),
        ("image/avif,image/webp,*/*;q=0.8", ""),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/vnd.shop+json", "application/vnd.shop+json"),
    ],
)
def test_what_is_accepted_is_kept_where_it_says_something(value: str, kept: str) -> None:
    assert dict(that_matter(asked(("accept", value)))[0]).get("Accept", "") == kept


def test_a_preflight_keeps_its_origin() -> None:
    sent = (("origin", "http://b.test"), ("access-control-request-method", "PUT"))
    assert dict(that_matter(asked(*sent, method="OPTIONS"))[0]) == {
        "Origin": "http://b.test",
        "Access-Control-Request-Method": "PUT",
    }


def test_cookies_are_pairs_without_those_that_track() -> None:
    assert cookies(asked(("cookie", "a=1; _ga=GA1.2; b=c=d"), ("Cookie", "e=; broken"))) == (
        ("a", "1"),
        ("b", "c=d"),
        ("e", ""),
    )
    answer = Answer(status=200, headers=(("Set-Cookie", "a=1; Path=/\nb=2"), ("set-cookie", "c=3")))
    assert set_by(asked(answer=answer)) == {"a", "b", "c"}
