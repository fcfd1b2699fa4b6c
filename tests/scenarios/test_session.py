"""Cookies go from answer to request as RFC 6265 has it; the standard library's jar is the second opinion."""

from __future__ import annotations

import urllib.request
from collections.abc import Generator
from email.message import Message
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.model import Flow, Pause, Request, Response
from scenarios.session import Jar, begin

PLAIN = Response(200, b"")


def setting(*lines: str) -> Response:
    head = ["HTTP/1.1 200 OK", *(f"Set-Cookie: {line}" for line in lines), "", ""]
    return Response(200, b"", "\r\n".join(head).encode("latin-1"))


def asking(*paths: str) -> Generator[Request, Response, None]:
    for path in paths:
        yield Request("GET", path)


def cookies(request: Request) -> list[str]:
    return [value for name, value in request.headers if name == "Cookie"]


def after(line: str, *, at: str = "/", then: str = "/", prefix: str = "") -> list[str]:
    """The Cookie lines of the request after an answer that set a cookie."""
    session = begin(asking(at, then), prefix=prefix)
    next(session)
    return cookies(session.send(setting(line)))


def test_a_cookie_comes_back_in_the_session_that_got_it_and_in_no_other() -> None:
    first, second = begin(asking("/", "/", "/")), begin(asking("/", "/"))
    assert cookies(next(first)) == cookies(next(second)) == []
    assert cookies(first.send(setting("theme=dark", "visitor=7"))) == ["theme=dark; visitor=7"]
    assert cookies(second.send(PLAIN)) == []
    assert cookies(first.send(PLAIN)) == ["theme=dark; visitor=7"]


def test_without_cookies_the_requests_are_the_flows_own() -> None:
    mine = [Request("GET", "/"), Request("GET", "/other")]

    def flow() -> Flow:
        yield mine[0]
        yield mine[1]

    session = begin(flow())
    assert next(session) is mine[0]
    assert session.send(PLAIN) is mine[1]


def test_the_same_request_with_the_same_cookies_is_the_same_object() -> None:
    mine = Request("GET", "/")

    def flow() -> Flow:
        for _ in range(3):
            yield mine

    session = begin(flow())
    next(session)
    assert session.send(setting("a=1")) is session.send(PLAIN)


@pytest.mark.parametrize("name", ["Cookie", "cookie"])
def test_a_cookie_line_of_the_flows_own_stands_alone(name: str) -> None:
    def flow() -> Generator[Request, Response, None]:
        yield Request("GET", "/")
        yield Request("GET", "/", headers=((name, "own=1"),))

    session = begin(flow())
    next(session)
    assert session.send(setting("a=1")).headers == ((name, "own=1"),)


ROWS = {
    "plain": ("a=1", "/", "/", ["a=1"]),
    "its attributes stay behind": ("a=1; Path=/; HttpOnly; SameSite=Lax", "/", "/x", ["a=1"]),
    "quotes are part of the value": ('a="1 2"', "/", "/", ['a="1 2"']),
    "a value with equals signs": ("a=b=c==", "/", "/", ["a=b=c=="]),
    "an empty value": ("a=", "/", "/", ["a="]),
    "no name": ("=1", "/", "/", []),
    "no equals sign": ("a", "/", "/", []),
    "below its path": ("a=1; Path=/shop", "/", "/shop/cart", ["a=1"]),
    "at its path, with a query": ("a=1; Path=/shop", "/", "/shop?q=1", ["a=1"]),
    "not where the path only begins alike": ("a=1; Path=/shop", "/", "/shopping", []),
    "a path that ends with a slash": ("a=1; Path=/shop/", "/", "/shop/cart", ["a=1"]),
    "the folder of the request by default": ("a=1", "/shop/login", "/shop/cart", ["a=1"]),
    "and not above it": ("a=1", "/shop/login", "/", []),
    "a path that is none": ("a=1; Path=shop", "/x", "/", ["a=1"]),
    "deleted by age": ("a=1; Max-Age=0", "/", "/", []),
    "deleted by a negative age": ("a=1; Max-Age=-1", "/", "/", []),
    "deleted by date": ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "/", "/", []),
    "age goes before date": ("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "/", "/", ["a=1"]),
    "a date to come": ("a=1; Expires=Wed, 01 Jan 2189 00:00:00 GMT", "/", "/", ["a=1"]),
    "a date that is none": ("a=1; Expires=soon", "/", "/", ["a=1"]),
    "an age that is none": ("a=1; Max-Age=soon", "/", "/", ["a=1"]),
    "an age beyond any integer": ("a=1; Max-Age=" + "9" * 5000, "/", "/", ["a=1"]),
    "secure, over plain HTTP to a server behind a proxy": ("a=1; Secure", "/", "/", ["a=1"]),
    "of the domain that the proxy has": ("a=1; Domain=shop.example", "/", "/", ["a=1"]),
}


@pytest.mark.parametrize(("line", "at", "then", "expected"), ROWS.values(), ids=ROWS)
def test_where_a_cookie_goes(line: str, at: str, then: str, expected: list[str]) -> None:
    assert after(line, at=at, then=then) == expected


def test_paths_are_those_that_the_server_sees() -> None:
    assert after("a=1; Path=/api", prefix="/api") == ["a=1"]
    assert after("a=1; Path=/", prefix="/api") == ["a=1"]
    assert after("a=1; Path=/api", prefix="/other") == []


def test_a_later_cookie_replaces_and_deletes() -> None:
    session = begin(asking(*"////"))
    next(session)
    session.send(setting("a=1", "b=2"))
    assert cookies(session.send(setting("a=3"))) == ["a=3; b=2"]
    assert cookies(session.send(setting("a=; Max-Age=0"))) == ["b=2"]


def test_longer_paths_come_first() -> None:
    session = begin(asking("/", "/x/y"))
    next(session)
    assert cookies(session.send(setting("a=1; Path=/", "b=2; Path=/x"))) == ["b=2; a=1"]


def test_a_jar_is_given_from_one_flow_to_the_next() -> None:
    def login() -> Generator[Request, Response, str]:
        answer = yield Request("POST", "/login")
        return f"logged in: {answer.status}"

    jar = Jar()
    session = begin(login(), jar)
    next(session)
    with pytest.raises(StopIteration) as end:
        session.send(setting("session=7"))
    assert end.value.value == "logged in: 200"
    copied = begin(asking("/", "/"), jar.copy())
    assert cookies(next(copied)) == ["session=7"]
    assert cookies(copied.send(setting("session=8"))) == ["session=8"]
    assert cookies(next(begin(asking("/"), jar))) == ["session=7"]


def test_closing_the_session_closes_the_flow() -> None:
    ended = []

    def flow() -> Flow:
        try:
            yield Request("GET", "/")
        finally:
            ended.append(True)

    session = begin(flow())
    next(session)
    session.close()
    assert ended == [True]


def test_an_error_of_the_flow_is_the_sessions() -> None:
    def flow() -> Flow:
        yield Request("GET", "/")
        raise KeyError("id")

    session = begin(flow())
    next(session)
    with pytest.raises(KeyError, match="id"):
        session.send(PLAIN)


class Answer:
    """An answer as http.cookiejar wants it."""

    def __init__(self, response: Response) -> None:
        self._message = Message()
        for value in response.header_values("set-cookie"):
            self._message["Set-Cookie"] = value

    def info(self) -> Message:
        return self._message


PATHS = st.sampled_from(["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b?q=/a"])
LINES = st.builds(
    lambda name, value, path, age: f"{name}={value}{path}{age}",
    st.sampled_from("xyz"),
    st.integers(0, 9),
    st.sampled_from(["", "; Path=/", "; Path=/a", "; path=/a/b", "; Path=/ab"]),
    st.sampled_from(["", "", "; Max-Age=0", "; Max-Age=60"]),
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.lists(
        st.tuples(PATHS, st.lists(LINES, max_size=3, unique_by=lambda line: line[0])), min_size=1, max_size=6
    )
)
def test_the_same_cookies_as_http_cookiejar(exchanges: list[tuple[str, list[str]]]) -> None:
    theirs = CookieJar(DefaultCookiePolicy(rfc2965=False, netscape=True))
    session = begin(asking(*(path for path, _ in exchanges), "/"))
    request = next(session)
    for path, lines in exchanges:
        asked = urllib.request.Request(f"http://shop.example{path}")
        theirs.add_cookie_header(asked)
        expected = asked.get_header("Cookie")
        assert sorted("; ".join(cookies(request)).split("; ")) == sorted((expected or "").split("; "))
        response = setting(*lines)
        theirs.extract_cookies(cast(Any, Answer(response)), asked)
        request = session.send(response)


def test_a_pause_passes_between_requests_and_keeps_the_cookies() -> None:
    def flow() -> Flow:
        yield Request("GET", "/a")
        yield Pause(1)
        yield Request("GET", "/b")

    session = begin(flow())
    next(session)
    assert session.send(setting("a=1")) == Pause(1)
    asked = next(session)
    assert isinstance(asked, Request)
    assert cookies(asked) == ["a=1"]


def test_what_cannot_be_a_request_reaches_the_driver_as_it_is() -> None:
    steps = ["/items", Request("GET", "/", headers={"A": "b"})]  # type: ignore[arg-type]
    for step in steps:

        def flow(step: Any = step) -> Flow:
            yield Request("GET", "/")
            yield step

        session = begin(flow())
        next(session)
        assert session.send(setting("a=1")) is step


def test_a_copy_goes_on_by_itself() -> None:
    jar = Jar()
    request = Request("GET", "/")
    assert jar.is_empty
    jar.keep(request, setting("a=1"))
    first, second = jar.copy(), jar.copy()
    assert first.prepare(request) is second.prepare(request)
    first.keep(request, setting("b=2"))
    assert [cookies(one.prepare(request)) for one in (jar, first, second)] == [["a=1"], ["a=1; b=2"], ["a=1"]]
