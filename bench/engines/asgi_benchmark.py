"""Benchmarks of ASGI apps and coroutines under pytest-benchmark, with the cost of running a coroutine known."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from random import Random
from statistics import median
from types import TracebackType
from typing import TYPE_CHECKING, Literal, TypeVar

from bench.engines.inprocess import ASGIApp, InProcess
from bench.errors import UsageError
from scenarios.model import Request, Response, Scenario, drive, drive_async
from scenarios.session import begin

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

T = TypeVar("T")
LoopName = Literal["uvloop", "asyncio"]
Exchanges = list[tuple[Request, Response]]

_WARM_UP_S = 0.02
_CALIBRATION_ROUNDS = 100


class AsgiBenchmark:
    """pytest-benchmark for what is awaited: apps and coroutines, on event loops that live as long as the `with` block.

    A round of `concurrency` calls at once takes the time of all of them. With each benchmark stand, in `extra_info`,
    its `loop`, its `concurrency`, what running a coroutine takes of each call (`calibration_us`), and the median time
    of a call without that (`own_us`).
    """

    def __init__(self, benchmark: BenchmarkFixture) -> None:
        self.benchmark = benchmark
        self._stack = ExitStack()
        self._apps: dict[tuple[int, str | None], InProcess] = {}
        self._prepared: set[tuple[int, object]] = set()

    def __enter__(self) -> AsgiBenchmark:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def __call__(
        self,
        app: ASGIApp,
        work: Scenario | Request | str,
        *,
        concurrency: int = 1,
        loop: LoopName | None = None,
        seed: int = 1,
    ) -> list[Response]:
        """Time a session of a scenario, a request, or GET of a path; gives the responses of the last round.

        The app's lifespan runs around all of it, once. `loop` is uvloop where that is installed. Raises AssertionError
        where a response of the last round is not as expected, UsageError where an event loop runs already.
        """
        inside = self._start(app, loop)
        if isinstance(work, Scenario):
            self._prepare(inside, work, seed)
        session = _session(inside, work, Random(seed))
        exchanges = [one for each in self.run(inside.loop, session, concurrency) for one in each]
        _check(exchanges)
        return [response for _, response in exchanges]

    def coroutine(
        self, make: Callable[[], Awaitable[T]], *, concurrency: int = 1, loop: LoopName | None = None
    ) -> list[T]:
        """Time what `make` gives to await, such as an `async def`; gives the results of the last round.

        Raises UsageError where an event loop runs already.
        """
        return self.run(self._start(_no_app, loop).loop, make, concurrency)

    def run(
        self, loop: asyncio.AbstractEventLoop, make: Callable[[], Awaitable[T]], concurrency: int = 1
    ) -> list[T]:
        """Time coroutines on a live loop; gives the results of the last round."""
        enabled = self.benchmark.enabled
        before_s = calibrate_s(loop, concurrency) if enabled else 0.0
        self.benchmark.extra_info.update(loop=loop_name(loop), concurrency=concurrency)
        given = self.call(rounds(loop, make, concurrency))
        # Others on the machine can only add to it, and each calibration is over in a moment that may be theirs.
        calibration_us = min(before_s, calibrate_s(loop, concurrency) if enabled else 0.0) * 1e6
        self.benchmark.extra_info["calibration_us"] = calibration_us
        if self.benchmark.stats is not None:
            call_us = self.benchmark.stats.stats.median / concurrency * 1e6
            self.benchmark.extra_info["own_us"] = call_us - calibration_us
        return given

    def call(self, function: Callable[[], T]) -> T:
        """Time a function as it is, once it is warm; gives its last result."""
        if self.benchmark.enabled:
            _warm_up(function)
        result: T = self.benchmark(function)
        return result

    def _prepare(self, inside: InProcess, scenario: Scenario, seed: int) -> None:
        """Run what a scenario needs once on an app."""
        prepare = scenario.prepare
        if prepare is not None and (id(inside), prepare) not in self._prepared:
            _check(list(drive(prepare(Random(seed)), inside.send)))
            self._prepared.add((id(inside), prepare))

    def _start(self, app: ASGIApp, loop: LoopName | None) -> InProcess:
        """The app on a loop of its own, started when it is first asked for."""
        _check_no_loop_runs()
        if (id(app), loop) not in self._apps:
            self._apps[id(app), loop] = self._stack.enter_context(InProcess(app, loop_factory(loop)))
        return self._apps[id(app), loop]


def loop_factory(name: LoopName | None) -> Callable[[], asyncio.AbstractEventLoop]:
    """Makes loops of a kind; without a name, uvloop's where it is installed. Raises UsageError where it is not."""
    if name == "asyncio":
        return asyncio.new_event_loop
    try:
        import uvloop
    except ModuleNotFoundError:
        if name is None:
            return asyncio.new_event_loop
        raise UsageError(
            "uvloop is not installed here: pip install uvloop, or ask for loop='asyncio'"
        ) from None
    return uvloop.new_event_loop


def loop_name(loop: asyncio.AbstractEventLoop) -> str:
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


def calibrate_s(loop: asyncio.AbstractEventLoop, concurrency: int) -> float:
    """The cost of a coroutine that does nothing: the median of some rounds, by coroutine."""
    run = rounds(loop, empty, concurrency)
    collecting = gc.isenabled()
    gc.disable()
    try:
        return median(_time_s(run) for _ in range(_CALIBRATION_ROUNDS)) / concurrency
    finally:
        if collecting:
            gc.enable()


def _session(
    inside: InProcess, work: Scenario | Request | str, rng: Random
) -> Callable[[], Awaitable[Exchanges]]:
    """A function that makes one pass of the work."""
    if isinstance(work, Scenario):

        async def go() -> Exchanges:
            visit = inside.visit()
            exchanges = await drive_async(begin(work.session(rng)), visit.call)
            await visit.leave()
            return exchanges

        return go
    request = Request("GET", work) if isinstance(work, str) else work

    async def ask() -> Exchanges:
        return [(request, await inside.call(request))]

    return ask


def _check(exchanges: Exchanges) -> None:
    """Raise AssertionError where a response is not as expected."""
    faults = {f"{request.label}: {fault}" for request, got in exchanges if (fault := request.fault(got))}
    if faults:
        raise AssertionError(", ".join(sorted(faults)))


def _check_no_loop_runs() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        "asgi_benchmark has an event loop of its own: make the test a plain `def`, not an `async def`"
    )


async def _no_app(scope: object, receive: Callable[[], Awaitable[object]], send: object) -> None:
    """Stands where a loop is wanted and no app: its lifespan is all that it has."""
    for word in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{word}.complete"})  # type: ignore[operator]


def _time_s(function: Callable[[], object]) -> float:
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
