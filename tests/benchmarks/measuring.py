"""How each benchmark is run, and the facts that are kept with its figures."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

import uvloop
from pytest_benchmark.fixture import BenchmarkFixture

T = TypeVar("T")

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "uvloop": uvloop.new_event_loop,
    "asyncio": asyncio.new_event_loop,
}
AT_ONCE = 50

LAYERS = (
    "calibration",
    "endpoint",
    "routing",
    "resolution",
    "validation",
    "serialisation",
    "middleware",
    "thread-hop",
    "queries",
    "item-cache",
    "compression",
    "token",
    "password",
)

_WARM_UP_S = 0.02
_CALIBRATION_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: a scenario's endpoint, or a layer below the endpoints, which is its own group."""

    name: str
    layer: str
    group: str = ""
    scenario: str | None = None
    database: str | None = None

    def label(self, loop: str | None = None, concurrency: int = 1) -> str:
        """The name with whatever is not as usual: `db-orm-async, postgres, 50 at once`."""
        unusual = (
            loop if loop != "uvloop" else None,
            self.database if self.database != "sqlite" else None,
            f"{concurrency} at once" if concurrency > 1 else None,
        )
        return ", ".join((self.name, *filter(None, unusual)))


class Measure:
    """Runs a benchmark under its own name, with the facts that a reader needs to join it with others.

    A round of `concurrency` calls at once takes the time of all of them. `calibration_us` is what our way to run a
    coroutine takes of each call; bench.results.micro does these sums.
    """

    def __init__(self, benchmark: BenchmarkFixture) -> None:
        self._benchmark = benchmark

    def call(self, subject: Subject, function: Callable[[], T], **more: object) -> T:
        """What the function gives; it is called as it is, from the thread of the tests."""
        self._describe(subject, loop=None, concurrency=1, calibration_us=None, **more)
        return self._run(function)

    def coroutines(
        self,
        subject: Subject,
        loop: asyncio.AbstractEventLoop,
        make: Callable[[], Awaitable[T]],
        concurrency: int = 1,
        **more: object,
    ) -> list[T]:
        """What the coroutines of one round give."""
        before_us = self._calibration_us(loop, concurrency)
        self._describe(subject, loop=kind(loop), concurrency=concurrency, calibration_us=before_us, **more)
        given = self._run(rounds(loop, make, concurrency))
        # Others on the machine can only add to it, and each calibration is over in a moment that may be theirs.
        after_us = self._calibration_us(loop, concurrency)
        self._benchmark.extra_info["calibration_us"] = min(before_us, after_us)
        return given

    def _describe(self, subject: Subject, *, loop: str | None, concurrency: int, **more: object) -> None:
        assert subject.layer in LAYERS
        self._benchmark.name = subject.label(loop, concurrency)
        self._benchmark.group = subject.group or subject.layer
        self._benchmark.extra_info.update(
            scenario=subject.scenario,
            layer=subject.layer,
            loop=loop,
            concurrency=concurrency,
            database=subject.database,
            **more,
        )

    def _calibration_us(self, loop: asyncio.AbstractEventLoop, concurrency: int) -> float:
        return calibration_s(loop, concurrency) * 1e6 if self._benchmark.enabled else 0.0

    def _run(self, function: Callable[[], T]) -> T:
        if self._benchmark.enabled:
            _warm_up(function)
        result: T = self._benchmark(function)
        return result


def kind(loop: asyncio.AbstractEventLoop) -> str:
    """`uvloop` or `asyncio`."""
    return type(loop).__module__.partition(".")[0]


def rounds(
    loop: asyncio.AbstractEventLoop, make: Callable[[], Awaitable[T]], concurrency: int
) -> Callable[[], list[T]]:
    """A function that runs so many coroutines at once on a live loop, and gives their results."""

    async def alone() -> list[T]:
        return [await make()]

    async def together() -> list[T]:
        return await asyncio.gather(*(make() for _ in range(concurrency)))

    round_of = alone if concurrency == 1 else together
    return lambda: loop.run_until_complete(round_of())


async def empty() -> None:
    """Nothing: whatever it costs to run this is the cost of running."""


def calibration_s(loop: asyncio.AbstractEventLoop, concurrency: int) -> float:
    """What a coroutine that does nothing costs: the median of some rounds, by coroutine."""
    run = rounds(loop, empty, concurrency)
    gc.disable()
    try:
        return median(_seconds(run) for _ in range(_CALIBRATION_ROUNDS)) / concurrency
    finally:
        gc.enable()


def _seconds(function: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    function()
    return time.perf_counter() - began_s


def _warm_up(function: Callable[[], object]) -> None:
    """Call it for a while, or the first call, which opens connections and starts threads, would be taken for the rest:
    pytest-benchmark decides by one call how many rounds there are."""
    until_s = time.perf_counter() + _WARM_UP_S
    function()
    while time.perf_counter() < until_s:
        function()
