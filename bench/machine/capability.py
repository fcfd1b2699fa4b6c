"""Measures what this machine can resolve: timers, the generator's ceiling, the selftest, the noise between twins."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import psutil
import uvloop

from bench.engines.timer import Timer
from bench.machine.diagnosis import Diagnosis
from bench.machine.generators import RAW, measure_costs
from bench.machine.selftest import session
from bench.machine.selftest.session import Result

_TICKS = 400
_TICK_NS = 2_000_000
_LATE_MS = 0.5
_REPEATS = 3
_POWER = 0.8
_BUSY_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class TwinRatios:
    """Two servers of one setup, turn by turn: logarithms of the ratios of their rates and of their CPU per request."""

    rates: Sequence[float]
    costs: Sequence[float]


def examine(compare_twins: Callable[[], TwinRatios]) -> Iterator[Diagnosis]:
    """Measure timers, the ceiling and servers of known behaviour, then twins, and derive what a run can resolve.

    Takes about three quarters of a minute. The noise between twins is measured by `compare_twins`, as `bench noise`
    does it. Raises ServerError and EngineError.
    """
    before = psutil.cpu_times()
    began_s = time.monotonic()
    yield _timers()
    yield _ceiling()
    yield from map(_proof, session.run(session.choose_cases(doctor=True)))
    twins = compare_twins()
    yield noise("noise of the rate", twins.rates, "requests per second")
    yield noise("noise of the CPU", twins.costs, "CPU time per request")
    yield _steal(before, time.monotonic() - began_s)
    yield resolvable(twins)


# --- timers and ceiling --------------------------------------------------------------------------


def _timers() -> Diagnosis:
    late_ms = uvloop.run(_lateness_ms())
    resolution_ns = time.get_clock_info("monotonic").resolution * 1e9
    p50, p99 = np.percentile(late_ms, (50, 99))
    return Diagnosis(
        "timers",
        bool(p99 < _LATE_MS),
        f"the clock steps by {resolution_ns:.0f} ns; a timer is {p50 * 1e3:.0f} µs late, {p99 * 1e3:.0f} µs at p99",
        f"arrivals of open loads will lag by as much: take response times below {p99 * 3:.1f} ms with care",
    )


async def _lateness_ms() -> list[float]:
    """The lateness, in milliseconds, of a timer that is due every 2 ms."""
    late_ms: list[float] = []
    due_ns = time.monotonic_ns() + _TICK_NS
    done = asyncio.Event()

    def tick() -> None:
        nonlocal due_ns
        late_ms.append((time.monotonic_ns() - due_ns) / 1e6)
        due_ns = max(due_ns + _TICK_NS, time.monotonic_ns() + _TICK_NS // 2)
        done.set() if len(late_ms) == _TICKS else timer.set(due_ns)

    timer = Timer(asyncio.get_running_loop(), tick)
    timer.set(due_ns)
    await done.wait()
    timer.close()
    return late_ms


def _ceiling() -> Diagnosis:
    """The native engine against a server without a framework, and the rate at which the engine itself would be busy."""
    ((_, cost),) = measure_costs(RAW, ["native"], 1, 2, pinned=True)
    busy = cost.cpu_us_per_request * cost.throughput_rps / 1e6
    most = cost.throughput_rps / max(busy, 0.01) * _BUSY_SHARE
    return Diagnosis(
        "generator",
        True,
        f"{cost.throughput_rps:,.0f} requests/s from a bare ASGI app, at {cost.cpu_us_per_request:.0f} µs each: "
        f"one generator can load a server of up to {most:,.0f} requests/s",
    )


# --- servers of known behaviour ------------------------------------------------------------------


def _proof(result: Result) -> Diagnosis:
    """A case of the selftest: whether the figures of its truth server came out right here."""
    off = [check for check in result.checks if not check.right]
    figures = "; ".join(f"{check.what} {check.server} became {check.engine}" for check in off)
    return Diagnosis(
        f"selftest {result.case.name}",
        result.verdict == "right",
        f"a server that {result.case.about}, {result.case.load.label}: "
        + (figures or f"{len(result.checks)} figures as the server logged them"),
        f"`bench selftest --case {result.case.name}` shows all figures"
        + (
            f"; run it when nothing else runs ({', '.join(sorted(result.disturbance))})"
            if result.disturbance
            else "; do not trust figures of this machine"
        ),
    )


# --- twins: servers that are the same ------------------------------------------------------------


def noise(subject: str, ratios: Sequence[float], metric: str) -> Diagnosis:
    """The spread of a metric between servers that are the same; `ratios` are logarithms."""
    sd = statistics.stdev(ratios)
    offset = statistics.median(ratios)
    return Diagnosis(
        subject,
        sd < 0.1,
        f"two servers that are the same differ by {sd:.1%} (sd of {len(ratios)} turns) in {metric}, "
        f"and by {abs(offset):.1%} in the median",
        "the machine is busy or shared: more repeats help, absolute figures mean little",
    )


def _steal(before: object, span_s: float) -> Diagnosis:
    taken_s = getattr(psutil.cpu_times(), "steal", 0.0) - getattr(before, "steal", 0.0)
    share = taken_s / span_s / (psutil.cpu_count() or 1)
    return Diagnosis(
        "steal under load",
        share < 0.02,
        f"the hypervisor took {share:.1%} of the CPUs while they were loaded",
        "trust ratios within one run, never absolute figures",
    )


def resolvable(twins: TwinRatios) -> Diagnosis:
    """The smallest difference that repeats would show here.

    The sd of one repeat is that of a turn's ratio over the square root of two, as both servers vary alike.
    """
    rate, cost = (
        math.expm1(statistics.stdev(ratios) / math.sqrt(2) * shift(_REPEATS))
        for ratios in (twins.rates, twins.costs)
    )
    return Diagnosis(
        "resolves",
        True,
        f"{_REPEATS} repeats tell setups apart here that differ by {rate:.0%} or more in throughput, by {cost:.0%} "
        "in CPU time per request; most of what is smaller will show as ~",
    )


def shift(repeats: int, power: float = _POWER, trials: int = 4000) -> float:
    """The number of standard deviations between two normal means at which their repeats do not overlap.

    It is the smallest shift at which all `repeats` of one lie above all of the other with probability `power`, by
    simulation with a fixed seed. The report shows a difference by the same rule.
    """
    rng = np.random.default_rng(1)
    low = rng.normal(size=(trials, repeats)).max(axis=1)
    high = rng.normal(size=(trials, repeats)).min(axis=1)
    return float(np.quantile(low - high, power))
