"""Limits that speak of nothing in the plan are refused before a run, as far as the names can be known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

import pytest

from bench.errors import UsageError
from bench.model.plan import Block, ClosedLoad, Plan
from bench.plan.thresholds import check_thresholds, request_names
from scenarios.mix import Mix
from scenarios.model import Flow, Pause, Request, Scenario, StartFlow
from scenarios.single import Always


def choosing(rng: Random) -> Flow:
    """Two names, the second in one session of ten."""
    yield Request("GET", "/items")
    if rng.random() < 0.1:
        yield Request("POST", "/cart", name="buy", expect=201)


def reading(rng: Random) -> Flow:
    answer = yield Request("GET", "/items")
    yield Request("GET", f"/items/{answer.body.index(b'id')}", name="GET /items/{id}")


def branching(rng: Random) -> Flow:
    answer = yield Request("POST", "/users", expect=(201, 409))
    if answer.status == 409:
        yield Request("POST", "/login")


def pausing(rng: Random) -> Flow:
    yield Request("GET", "/items")
    while True:
        yield Pause(1)


def endless(rng: Random) -> Flow:
    while True:
        yield Request("GET", "/items")


def needing(rng: Random, token: str) -> Flow:
    yield Request("GET", "/items", headers=(("Authorization", token),))


def logging_in(rng: Random) -> StartFlow:
    answer = yield Request("POST", "/login")
    return str(answer.json()["token"])


FLOWS: Mapping[str, Callable[..., Flow]] = {
    "choosing": choosing,
    "reading": reading,
    "branching": branching,
    "pausing": pausing,
    "mixed": Mix((1, Always(Request("GET", "/items"))), (1, Always(Request("POST", "/items")))),
    "endless": endless,
    "single": Always(Request("GET", "/one")),
}
SCENARIOS = {name: Scenario(name, flow) for name, flow in FLOWS.items()}
SCENARIOS["needing"] = Scenario("needing", needing, on_start=logging_in)


def plan(*fail_if: str) -> Plan:
    names = tuple(name for name in FLOWS if name != "single")
    block = Block(("uvicorn",), names, ("native",), (ClosedLoad(2, 1.0),), rounds=1)
    return Plan("mine", "", (block,), fail_if=fail_if)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("choosing", {"GET /items", "buy"}),
        ("single", {"GET /one"}),
        ("reading", None),
        ("branching", None),
        ("pausing", None),
        ("mixed", {"GET /items", "POST /items"}),
        ("endless", None),
        ("needing", None),
    ],
)
def test_names_are_known_where_sessions_end_whatever_is_answered(name: str, names: set[str] | None) -> None:
    assert request_names(SCENARIOS[name]) == names


@pytest.mark.parametrize(
    "limit",
    [
        "p99>50ms",
        "choosing: p99>50ms",
        "choosing/buy: p99>50ms",
        "reading/GET /items/{id}: p99>50ms",
        "endless/whatever: p99>50ms",
    ],
)
def test_a_limit_that_may_speak_of_something_is_let_through(limit: str) -> None:
    check_thresholds(plan(limit), SCENARIOS)


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("chosing: p99>50ms", "unknown scenario 'chosing'; did you mean 'choosing'"),
        ("single: p99>50ms", "unknown scenario 'single'"),
        (
            "choosing/GET /item: p99>50ms",
            "unknown request of 'choosing' 'GET /item'; did you mean 'GET /items'",
        ),
    ],
    ids=["misspelt", "of another plan", "a request that is never made"],
)
def test_a_limit_that_speaks_of_nothing_is_refused(limit: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_thresholds(plan(limit), SCENARIOS)
    assert sentence in str(caught.value)
