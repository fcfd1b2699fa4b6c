"""What measuring itself costs, and whether it measures what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bench.engines.asgi_benchmark import empty, loop_name, rounds
from bench.engines.inprocess import InProcess
from scenarios import SCENARIOS
from scenarios.model import Request
from tests.benchmarks.measuring import AT_ONCE, LAYERS, LOOPS, Measure, Subject

BareOn = Callable[[str], InProcess]

GET = Request("GET", "/")


@pytest.mark.parametrize("concurrency", [1, AT_ONCE], ids=["alone", "at-once"])
@pytest.mark.parametrize("loop", LOOPS)
def test_empty_coroutine(loop: str, concurrency: int, bare_on: BareOn, measure: Measure) -> None:
    """What running a coroutine costs by itself: to be taken off all figures of coroutines."""
    subject = Subject("empty-coroutine", "calibration")
    assert measure.coroutines(subject, bare_on(loop).loop, empty, concurrency) == [None] * concurrency


@pytest.mark.parametrize("concurrency", [1, AT_ONCE], ids=["alone", "at-once"])
@pytest.mark.parametrize("loop", LOOPS)
def test_bare_app(loop: str, concurrency: int, bare_on: BareOn, measure: Measure) -> None:
    """What asking costs without anybody who thinks about the answer: to be taken off the figures of endpoints."""
    inside = bare_on(loop)
    subject = Subject("bare-app", "calibration")
    answers = measure.coroutines(subject, inside.loop, lambda: inside.call(GET), concurrency)
    assert [answer.status for answer in answers] == [200] * concurrency


@pytest.mark.parametrize("loop", LOOPS)
def test_as_many_as_are_said_run_at_once(loop: str, bare_on: BareOn) -> None:
    """Each waits until all of them are there, so fewer at once would wait for ever."""
    live = bare_on(loop).loop
    all_there = asyncio.Barrier(AT_ONCE)

    async def one_of_many() -> int:
        async with asyncio.timeout(20):
            return await all_there.wait()

    assert loop_name(live) == loop
    assert sorted(rounds(live, one_of_many, AT_ONCE)()) == list(range(AT_ONCE))


def test_one_at_a_time_is_one(bare_on: BareOn) -> None:
    made: list[int] = []

    async def one() -> int:
        made.append(1)
        return 7

    assert rounds(bare_on("asyncio").loop, one, 1)() == [7]
    assert made == [1]


NAMED = {
    "what is usual goes without saying": (("uvloop", 1, "sqlite"), "db-orm-async"),
    "neither loop nor database": ((None, 1, None), "db-orm-async"),
    "another loop": (("asyncio", 1, "sqlite"), "db-orm-async, asyncio"),
    "another database and many": (("uvloop", 50, "postgres"), "db-orm-async, postgres, 50 at once"),
}


@pytest.mark.parametrize(("facts", "label"), NAMED.values(), ids=NAMED)
def test_a_name_says_what_is_unusual(facts: tuple[str | None, int, str | None], label: str) -> None:
    loop, concurrency, database = facts
    assert Subject("db-orm-async", "endpoint", database=database).label(loop, concurrency) == label


def test_no_layer_is_taken_for_a_group_of_scenarios() -> None:
    assert {scenario.group for scenario in SCENARIOS.values()}.isdisjoint(LAYERS)
