"""A made-up run of the study: figures that are easy to reckon with by hand."""

from __future__ import annotations

from dataclasses import replace

from bench.model.plan import ClosedLoad, Setup
from bench.model.record import Record, Run, Worker
from bench.results.micro import Benchmark, Micro
from tests.bench.builders import record, run

# variant: {users: requests per second in each of three repeats}
IO = {
    "async": {1: (98, 97, 99), 8: (780, 784, 776), 128: (3000, 3060, 2940)},
    "sync": {1: (97, 98, 96), 8: (770, 790, 780), 128: (1000, 1020, 980)},
    "misuse": {1: (97, 97, 98), 8: (98, 97, 98)},
}


def load(users: int, duration_s: float = 1.0) -> ClosedLoad:
    return ClosedLoad(users, duration_s)


def cells(
    scenario: str, users: int, *rates: float, setup: str = "uvicorn", tokens: int = 40, **more: object
) -> tuple[Record, ...]:
    """The repeats of one cell, whose worker tells its tokens."""
    return tuple(
        _telling(record(setup, scenario, rate, repeat=place, load=load(users), **more), tokens)  # type: ignore[arg-type]
        for place, rate in enumerate(rates)
    )


def _telling(found: Record, tokens: int) -> Record:
    workers = tuple(replace(worker, tokens=tokens) for worker in found.resources.workers)
    return replace(found, resources=replace(found.resources, workers=workers))


def io_records() -> tuple[Record, ...]:
    waits = {"async": 2.0, "sync": 9.0, "misuse": 90.0}
    return tuple(
        one
        for variant, levels in IO.items()
        for users, rates in levels.items()
        for one in cells(
            f"io-{variant}",
            users,
            *rates,
            p50=1000 * users / rates[0],
            p99=2000 * users / rates[0],
            victim_p99=waits[variant],
        )
    )


def io_run(*more: Record, left_out: dict[str, str] | None = None) -> Run:
    return run(*io_records(), *more, setups=(Setup("uvicorn", "uvicorn"),), left_out=left_out or {})


def busy(found: Record, share: float) -> Record:
    """The record with a server that used this share of its one core."""
    cpu_s = share * found.cell.load.duration_s
    workers = (Worker(pid=1, requests=None, cpu_s=cpu_s, rss_peak_bytes=1, tokens=40),)
    return replace(found, resources=replace(found.resources, cpu_s=cpu_s, workers=workers, cpus=(0,)))


def benchmark(
    name: str,
    us: float,
    layer: str = "endpoint",
    *,
    loop: str = "uvloop",
    concurrency: int = 1,
    **extra: object,
) -> Benchmark:
    """A benchmark whose call takes so many microseconds by itself, after 5 of them for running a coroutine."""
    median_s = (us + 5) * concurrency / 1e6
    facts = {"layer": layer, "loop": loop, "concurrency": concurrency, "calibration_us": 5.0, **extra}
    return Benchmark(
        name=name,
        group=None,
        median_s=median_s,
        q1_s=median_s,
        q3_s=median_s,
        min_s=median_s,
        max_s=median_s,
        mean_s=median_s,
        stddev_s=0.0,
        rounds=10,
        extra=facts,
    )


def endpoint(scenario: str, us: float, database: str = "sqlite", **more: object) -> Benchmark:
    return benchmark(scenario, us, scenario=scenario, database=database, **more)  # type: ignore[arg-type]


def micro(*more: Benchmark) -> Micro:
    """Asking costs 10 µs; nothing takes 100 in async, 350 in a thread, and a trip to one 80."""
    return Micro(
        {},
        (
            benchmark("bare-app", 10, "calibration"),
            benchmark("bare-app, 50 at once", 3, "calibration", concurrency=50),
            benchmark("thread-hop", 80, "thread-hop"),
            endpoint("noop-async", 110),
            endpoint("noop-sync", 360),
            *more,
        ),
    )
