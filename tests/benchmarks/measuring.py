"""How each benchmark is run, and the facts that are kept with its figures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from bench.engines.asgi_benchmark import AsgiBenchmark, LoopName, loop_factory, loop_name

T = TypeVar("T")

_NAMES: tuple[LoopName, ...] = ("uvloop", "asyncio")
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {name: loop_factory(name) for name in _NAMES}
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

    `AsgiBenchmark` times it, and keeps what our way to run a coroutine takes of each call; bench.results.micro does
    these sums.
    """

    def __init__(self, asgi_benchmark: AsgiBenchmark) -> None:
        self._asgi_benchmark = asgi_benchmark

    def call(self, subject: Subject, function: Callable[[], T], **more: object) -> T:
        """What the function gives; it is called as it is, from the thread of the tests."""
        self._describe(subject, loop=None, concurrency=1, calibration_us=None, **more)
        return self._asgi_benchmark.call(function)

    def coroutines(
        self,
        subject: Subject,
        loop: asyncio.AbstractEventLoop,
        make: Callable[[], Awaitable[T]],
        concurrency: int = 1,
        **more: object,
    ) -> list[T]:
        """What the coroutines of one round give."""
        self._describe(subject, loop=loop_name(loop), concurrency=concurrency, **more)
        return self._asgi_benchmark.run(loop, make, concurrency)

    def _describe(self, subject: Subject, *, loop: str | None, concurrency: int, **more: object) -> None:
        assert subject.layer in LAYERS
        benchmark = self._asgi_benchmark.benchmark
        benchmark.name = subject.label(loop, concurrency)
        benchmark.group = subject.group or subject.layer
        benchmark.extra_info.update(
            scenario=subject.scenario,
            layer=subject.layer,
            loop=loop,
            concurrency=concurrency,
            database=subject.database,
            **more,
        )
