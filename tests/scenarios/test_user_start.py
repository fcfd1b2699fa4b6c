"""What a user does once, before their first session, and what of it the sessions know."""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import Any

import pytest

from scenarios import seats
from scenarios.mistakes import ScenarioError
from scenarios.model import Flow, Request, Response, Scenario, drive, requests_of
from scenarios.session import begin
from scenarios.single import Always

LOGIN = Request("POST", "/login")


def log_in(rng: Random) -> Generator[Request, Response, str]:
    answer = yield LOGIN
    return answer.body.decode()


def browse(rng: Random, token: str) -> Flow:
    yield Request("GET", f"/items?of={token}")


SHOP = Scenario("shop", browse, on_start=log_in)


def session(scenario: Scenario, rng: Random, body: bytes = b"ada") -> list[str]:
    return [request.path for request, _ in drive(scenario.session(rng), lambda _: Response(200, body))]


def test_a_user_starts_once() -> None:
    ada, bob = Random(1), Random(1)
    assert session(SHOP, ada) == ["/login", "/items?of=ada"]
    assert session(SHOP, ada, b"other") == ["/items?of=ada"]
    assert session(SHOP, bob, b"bob") == ["/login", "/items?of=bob"]


def test_a_start_that_is_broken_off_is_made_again() -> None:
    rng = Random(1)
    first = requests_of(SHOP.session(rng))
    assert next(first) == LOGIN
    first.close()
    assert session(SHOP, rng) == ["/login", "/items?of=ada"]


def test_a_start_may_return_nothing_and_the_flow_may_ignore_it() -> None:
    def start(rng: Random) -> Generator[Request, Response, Any]:
        yield LOGIN

    scenario = Scenario("front", Always(Request("GET", "/")), on_start=start)
    rng = Random(1)
    assert [session(scenario, rng) for _ in range(2)] == [["/login", "/"], ["/"]]


def test_without_a_start_the_session_is_the_flow() -> None:
    flow = Always(LOGIN)
    assert Scenario("a", flow).session is flow


def test_cookies_of_the_start_are_in_each_session_of_the_user() -> None:
    """Those that a session is given end with it."""
    asked: list[tuple[str, str]] = []

    def send(request: Request) -> Response:
        asked.append((request.path, dict(request.headers).get("Cookie", "")))
        name = "login" if request == LOGIN else "visit"
        return Response(200, b"ada", f"HTTP/1.1 200 OK\r\nSet-Cookie: {name}=1; Path=/shop\r\n\r\n".encode())

    def visit(rng: Random, token: str) -> Flow:
        yield Request("GET", "/1")
        yield Request("GET", "/2")

    scenario, ada, bob = Scenario("visit", visit, on_start=log_in), Random(1), Random(2)
    for rng in (ada, bob):
        seats.take(rng, "127.0.0.1", 80, "/shop")
    for rng in (ada, ada, bob):
        list(drive(begin(scenario.session(rng), prefix="/shop"), send))
    first = [("/login", ""), ("/1", "login=1"), ("/2", "login=1; visit=1")]
    assert asked == [*first, *first[1:], *first]


def test_a_flow_that_returns_its_request_is_named() -> None:
    def returning(rng: Random, token: str) -> Any:
        return Request("GET", "/")

    with pytest.raises(ScenarioError, match="yield"):
        session(Scenario("s", returning, on_start=log_in), Random(1))
