"""What this machine can resolve, found by measuring for a while: timers, truth, noise between twins, the ceiling."""

from __future__ import annotations

import asyncio
import math
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
import psutil
import uvloop

from bench.engines import launch
from bench.engines.job import Job
from bench.engines.timer import Timer
from bench.machine.doctor import Diagnosis
from bench.machine.generators import RAW, SCENARIO, measure_costs
from bench.machine.selftest import session
from bench.machine.selftest.session import Result
from bench.model.plan import ClosedLoad, Setup
from bench.model.samples import OK
from bench.observe.process_tree import cpu_ns
from bench.serve.server import Server, serving
from bench.system import host
from bench.system.processes import Processes

_TICKS = 400
_TICK_NS = 2_000_000
_LATE_MS = 0.5
_PAIRS = 9
_SLICE_S = 0.8
_USERS = 32
_REPEATS = 3
_POWER = 0.8
_BUSY_SHARE = 0.8


def examine(setup: Setup) -> Iterator[Diagnosis]:
    """Measure servers of known behaviour, then two of one setup, and say what can and cannot be told apart.

    It takes about three quarters of a minute. Raises ServerError and EngineError.
    """
    before = psutil.cpu_times()
    began_s = time.monotonic()
    yield _timers()
    yield _ceiling()
    yield from map(_proof, session.run(session.choose_cases(doctor=True)))
    rates, costs = _twins(setup)
    yield _noise("noise of the rate", rates, "requests per second")
    yield _noise("noise of the CPU", costs, "CPU time per request")
    yield _steal(before, time.monotonic() - began_s)
    yield _resolvable(rates, costs)


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
    """How late a timer fires that is due every 2 ms."""
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
    """The native engine against a server without a framework: which of the two is busy says whose ceiling it is."""
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
    """Whether the figures of a truth server came out right here."""
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


# --- two servers that are the same ---------------------------------------------------------------


def _twins(setup: Setup) -> tuple[list[float], list[float]]:
    """Log ratios of two identical servers, loaded in turn and in random order: of the rate, and of the CPU time."""
    server_cpus, generator_cpus = host.cpus_for()
    rng = Random(1)
    rates, costs = [], []
    with (
        Processes() as processes,
        serving(setup, processes, cpus=server_cpus) as one,
        serving(setup, processes, cpus=server_cpus) as other,
    ):
        for _ in range(_PAIRS):
            order = [one, other] if rng.random() < 0.5 else [other, one]
            found = {server.port: _slice(server, processes, generator_cpus) for server in order}
            (rate, cost), (its_rate, its_cost) = found[one.port], found[other.port]
            rates.append(math.log(rate / its_rate))
            costs.append(math.log(cost / its_cost))
    return rates, costs


def _slice(server: Server, processes: Processes, cpus: Sequence[int]) -> tuple[float, float]:
    """Requests per second, and the server's CPU seconds per request, of one slice."""
    marks: list[int] = []
    silent = launch.Watch(
        lambda: marks.append(_tree_cpu_ns(server.pid)),
        lambda: marks.append(_tree_cpu_ns(server.pid)),
        lambda _: None,
    )
    with tempfile.TemporaryDirectory(prefix="fastapi-bench-") as tmp:
        load = ClosedLoad(_USERS, _SLICE_S, 0.1)
        job = Job(server.host, server.port, SCENARIO, load, Path(tmp) / "samples")
        samples, _ = launch.run("native", [job], processes, silent, cpus=cpus)
    inside = samples.during(samples.done_ns)
    good = int(np.count_nonzero(inside & (samples.outcome == OK)))
    return good / samples.duration_s, (marks[1] - marks[0]) / 1e9 / good


def _tree_cpu_ns(pid: int) -> int:
    process = psutil.Process(pid)
    return sum(cpu_ns(member.pid) for member in (process, *process.children(recursive=True)))


def _noise(subject: str, ratios: Sequence[float], what: str) -> Diagnosis:
    sd = statistics.stdev(ratios)
    offset = statistics.median(ratios)
    return Diagnosis(
        subject,
        sd < 0.1,
        f"two servers that are the same differ by {sd:.1%} (sd of {len(ratios)} pairs) in {what}, "
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


def _resolvable(rates: Sequence[float], costs: Sequence[float]) -> Diagnosis:
    """The sd of one repeat is that of a pair's ratio over the square root of two, as both of the pair vary alike."""
    rate, cost = (
        math.expm1(statistics.stdev(ratios) / math.sqrt(2) * shift(_REPEATS)) for ratios in (rates, costs)
    )
    return Diagnosis(
        "resolves",
        True,
        f"{_REPEATS} repeats tell setups apart here that differ by {rate:.0%} or more in throughput, by {cost:.0%} "
        "in CPU time per request; most of what is smaller will show as ~",
    )


def shift(repeats: int, power: float = _POWER, trials: int = 4000) -> float:
    """How many standard deviations apart two normal things must lie for their repeats not to overlap.

    The smallest shift at which all `repeats` of one lie above all of the other with this probability, found by
    simulation with a fixed seed: the rule by which the report calls a difference shown.
    """
    rng = np.random.default_rng(1)
    low = rng.normal(size=(trials, repeats)).max(axis=1)
    high = rng.normal(size=(trials, repeats)).min(axis=1)
    return float(np.quantile(low - high, power))
