"""Runs made up for tests: small ones by hand, and one that looks like a real `bench run`."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

from bench.cli._contents import contents
from bench.model.facts import read_facts
from bench.model.plan import Cell, ClosedLoad, Load, OpenLoad, Setup
from bench.model.record import (
    Caveat,
    Failure,
    Generator,
    LaneSlices,
    Latency,
    Record,
    RequestSummary,
    Resources,
    Run,
    Summary,
    TimelineBin,
    Worker,
)
from bench.report import write
from bench.report.charts.panels import Chart
from bench.results.findings.finding import Finding
from bench.results.micro import Micro
from bench.results.results import Results, say_notes_once, understand

CLOSED = ClosedLoad(users=32, duration_s=3.0)
OPEN = OpenLoad(arrivals_per_s=400, duration_s=3.0)
NOTHING = Latency()

SETUPS = (
    Setup("uvicorn", "uvicorn"),
    Setup("uvicorn-uvloop-h11", "uvicorn", http="h11"),
    Setup("uvicorn-asyncio-httptools", "uvicorn", loop="asyncio"),
    Setup("uvicorn-asyncio-h11", "uvicorn", loop="asyncio", http="h11"),
    Setup("uvicorn-2", "uvicorn", workers=2),
    Setup("gunicorn-1", "gunicorn"),
    Setup("granian-1", "granian"),
    Setup("hypercorn-1", "hypercorn", http="h11"),
)


def latency(p50: float, p99: float) -> Latency:
    """A distribution with these two, and plausible others."""
    return Latency(
        mean=p50 * 1.1,
        p50=p50,
        p90=(p50 + p99) / 2,
        p95=(p50 + 3 * p99) / 4,
        p99=p99,
        p999=p99 * 1.6,
        max=p99 * 2.5,
    )


def record(
    setup: str = "uvicorn",
    scenario: str = "noop-async",
    throughput: float = 1000.0,
    *,
    repeat: int = 0,
    load: Load = CLOSED,
    engine: str = "native",
    p50: float | None = 2.0,
    p99: float | None = 6.0,
    cpu_us: float | None = 80.0,
    rss: int = 90_000_000,
    workers: tuple[int | None, ...] = (None,),
    cpus: tuple[int, ...] = (0,),
    victim_p99: float | None = None,
    p99_by_time: float | None = None,
    valid: bool = True,
    caveats: tuple[Caveat, ...] = (),
    errors: int = 0,
    timeline: tuple[TimelineBin, ...] = (),
    curve: tuple[tuple[float, float], ...] = (),
    run: str = "made-up",
) -> Record:
    """One record of which a test says only what it is about."""
    response = NOTHING if p50 is None or p99 is None else latency(p50, p99)
    requests = round(throughput * load.duration_s) + errors
    label = f"GET /bench/{scenario}"
    summary = Summary(
        requests=requests,
        errors=errors,
        shed=0,
        throughput_rps=throughput,
        response_ms=response,
        service_ms=response,
        lag_ms=NOTHING,
        by_request={label: RequestSummary(requests=requests, errors=errors, response_ms=response)},
        timeline=timeline,
        curve_ms=curve,
        victim=None if victim_p99 is None else _victim(victim_p99),
        time_weighted_ms=Latency(p99=p99_by_time),
    )
    return Record(
        run=run,
        cell=Cell(setup, scenario, engine, load, repeat=repeat),
        summary=summary,
        resources=_resources(cpu_us, rss, workers, cpus),
        generator=Generator(cpu_share=0.4, cpu_us_per_request=20.0),
        valid=valid,
        caveats=caveats,
    )


def _victim(p99: float) -> RequestSummary:
    return RequestSummary(requests=60, errors=0, response_ms=latency(p99 / 2, p99))


def _resources(
    cpu_us: float | None, rss: int, workers: tuple[int | None, ...], cpus: tuple[int, ...]
) -> Resources:
    """As many workers as have a number of requests; they share the memory alike."""
    processes = tuple(
        Worker(pid=1000 + place, requests=count, cpu_s=1.0, rss_peak_bytes=rss // len(workers))
        for place, count in enumerate(workers)
    )
    return Resources(cpu_us_per_request=cpu_us, rss_peak_bytes=rss, workers=processes, cpus=cpus)


def repeats(setup: str, scenario: str, *throughputs: float, **more: object) -> tuple[Record, ...]:
    """One record a throughput, as repeats of one cell."""
    return tuple(
        record(setup, scenario, throughput, repeat=repeat, **more)  # type: ignore[arg-type]
        for repeat, throughput in enumerate(throughputs)
    )


def lanes(
    rates: Mapping[str, Sequence[float]],
    scenario: str = "noop-async",
    *,
    rounds: int = 2,
    drift: Sequence[float] = (),
    **more: object,
) -> tuple[Record, ...]:
    """Lanes of one scenario: by setup the throughput of each slice, a slice a rotation, alike in all rounds.

    `drift` multiplies all slices of a rotation; CPU time per request is 1e5 / throughput in each slice. The figures of
    the record are the means, so drift spoils them.
    """
    found = []
    for at in range(rounds):
        for setup, own in rates.items():
            slices = [rate * by for rate, by in zip(own, drift or [1.0] * len(own), strict=True)]
            mean = statistics.fmean(slices)
            one = record(setup, scenario, mean, repeat=at, cpu_us=1e5 / mean, **more)  # type: ignore[arg-type]
            columns = LaneSlices(
                rotation=tuple(range(len(slices))),
                requests=tuple(round(rate) for rate in slices),
                throughput_rps=tuple(slices),
                cpu_us_per_request=tuple(1e5 / rate for rate in slices),
            )
            found.append(replace(one, slices=columns))
    return tuple(found)


def facts(*setups: Setup, **host: object) -> dict[str, object]:
    """What run.json says, for these setups."""
    return {
        "plan": {"name": "default", "seed": 1, "setups": {setup.name: asdict(setup) for setup in setups}},
        "host": {
            "cpu_model": "AMD EPYC 7B13",
            "cores": 2,
            "kernel": "6.1.0-28-amd64",
            "governor": "performance",
            "virtualisation": "kvm",
            "python": "3.11.2",
            "load_average": [0.12, 0.2, 0.31],
            "versions": {"fastapi": "0.165.0", "uvicorn": "0.54.0", "uvloop": "0.22.1", "httptools": "0.7.1"},
            "git": {"commit": "2b0dfca", "dirty": False},
        }
        | host,
        "started_at": "2026-11-24T16:20:00+00:00",
        "finished": True,
        "took_s": 252.0,
    }


def run(*records: Record, name: str = "made-up", setups: tuple[Setup, ...] = SETUPS, **more: object) -> Run:
    """A finished run of these records."""
    return Run(name, read_facts(facts(*setups) | more), records)


def recorded(*records: Record, **more: object) -> Results:
    """A finished run of these records, each with every caveat."""
    return understand(run(*records, **more))  # type: ignore[arg-type]


def results(*records: Record, **more: object) -> Results:
    """A finished run of these records as its report understands it."""
    return say_notes_once(recorded(*records, **more))


def findings(some: Run) -> tuple[Finding, ...]:
    """The findings in the report of a run, of whichever kind."""
    return contents(understand(some)).findings


def charts_of(some: Run) -> tuple[Chart, ...]:
    """The charts in the report of a run, of whichever kind, but for those of a chapter."""
    return contents(understand(some)).charts


def report(some: Run, folder: Path, micro: Micro | None = None) -> Path:
    """Write the report of a run, of whichever kind."""
    return write(some, contents(understand(some, micro)), folder)


def topics(*records: Sequence[Record]) -> list[str]:
    """The topics of the findings of these records' run."""
    return [finding.topic for finding in findings(run(*[one for some in records for one in some]))]


def found(topic: str, *records: Sequence[Record]) -> Finding:
    """The one finding on a topic in these records' run."""
    (finding,) = [
        finding
        for finding in findings(run(*[one for some in records for one in some]))
        if finding.topic == topic
    ]
    return finding


# --- one that looks real -------------------------------------------------------------------------

_RATES = {
    "uvicorn": 9200.0,
    "uvicorn-uvloop-h11": 5100.0,
    "uvicorn-asyncio-httptools": 6900.0,
    "uvicorn-asyncio-h11": 4200.0,
    "uvicorn-2": 9000.0,
    "gunicorn-1": 9150.0,
    "granian-1": 11800.0,
    "hypercorn-1": 3300.0,
}
_TWINS = {
    "noop-async": 9200,
    "noop-sync": 5100,
    "io-async": 2900,
    "io-sync": 2250,
    "io-misuse": 96,
    "io-offload": 2150,
    "db-orm-async": 1150,
    "db-orm-sync": 1380,
    "json-model": 6100,
    "json-dict": 4300,
    "json-orjson": 5600,
    "cpu-async": 820,
    "cpu-sync": 790,
}
_STALLED = ("db-orm-async", "uvicorn-asyncio-h11")


def realistic(seed: int = 7) -> Run:
    """Eight setups, twins, both engines, both loads, three repeats, a setup that failed, a few doubts."""
    rng = Random(seed)
    records: list[Record] = []
    for repeat in range(3):
        for setup in SETUPS:
            rate = _RATES[setup.name]
            records.append(_plausible(rng, setup, "noop-async", rate, repeat))
            records.append(_plausible(rng, setup, "db-orm-async", 1e6 / (1e6 / rate + 760), repeat))
        records += [
            _plausible(rng, SETUPS[0], scenario, rate, repeat)
            for scenario, rate in _TWINS.items()
            if scenario not in ("noop-async", "db-orm-async")
        ]
        for scenario in ("noop-async", "noop-sync", "io-async", "io-misuse"):
            records.append(
                _plausible(rng, SETUPS[0], scenario, min(_TWINS[scenario], 1300), repeat, engine="locust")
            )
        records += [
            _plausible(rng, SETUPS[0], scenario, 400, repeat, load=OPEN)
            for scenario in ("noop-async", "io-async")
        ]
        records.append(_plausible(rng, SETUPS[0], "items-crud", 1450, repeat))
    failures = (
        Failure(
            "granian-2", 1, "the server did not answer /health/live within 20 s\nlast lines: ImportError"
        ),
    )
    return Run("2026-11-24-default", read_facts(facts(*SETUPS)), tuple(records), failures)


def _plausible(
    rng: Random,
    setup: Setup,
    scenario: str,
    rate: float,
    repeat: int,
    *,
    load: Load = CLOSED,
    engine: str = "native",
) -> Record:
    rate *= rng.gauss(1, 0.015)
    users = load.users if isinstance(load, ClosedLoad) else 4
    p50 = 1000 * users / rate * 0.9 if isinstance(load, ClosedLoad) else 1.4
    tail = rng.uniform(2.2, 3.4)
    caveats, valid = _doubts(setup.name, scenario, engine, repeat)
    wait = 330.0 if scenario.endswith("misuse") else {"io-async": 2.4, "cpu-async": 38.0}.get(scenario, 9.0)
    count = round(rate * load.duration_s)
    busy = round(count * rng.uniform(0.55, 0.7))
    return record(
        setup.name,
        scenario,
        rate,
        repeat=repeat,
        load=load,
        engine=engine,
        p50=p50,
        p99=p50 * tail,
        cpu_us=rng.gauss(1, 0.02) * (1e6 / max(rate, 400)),
        rss=round(92e6 * setup.workers * rng.gauss(1, 0.01)),
        workers=(busy, count - busy) if setup.workers == 2 else (count,),
        victim_p99=wait * rng.gauss(1, 0.08) if scenario.startswith(("io", "cpu")) else None,
        valid=valid,
        caveats=caveats,
        timeline=_timeline(rng, rate, p50 * tail, (scenario, setup.name) == _STALLED),
        curve=_percentiles(p50, tail, rng),
        run="2026-11-24-default",
    )


def _doubts(setup: str, scenario: str, engine: str, repeat: int) -> tuple[tuple[Caveat, ...], bool]:
    if (setup, scenario) == ("granian-1", "noop-async"):
        return (Caveat("generator-saturated", f"the generator used {84 + repeat} % of its core"),), False
    if (setup, scenario) == ("hypercorn-1", "db-orm-async"):
        return (Caveat("errors", "12 of 2,410 requests failed: status-500"),), False
    if setup == "uvicorn-2":
        return (Caveat("uneven-workers", "one worker answered 65 % of the requests"),), True
    if scenario == "io-misuse":
        return (Caveat("few-samples", "288 samples carry no p99.9"),), True
    if engine == "locust" and repeat == 1:
        return (Caveat("lag", "lag p99 1.9 ms beside a service p50 of 3.1 ms"),), True
    return (), True


def _timeline(rng: Random, rate: float, p99: float, stalls: bool) -> tuple[TimelineBin, ...]:
    bins = []
    for place in range(30):
        stalled = stalls and 12 <= place < 15
        bins.append(
            TimelineBin(
                t_s=place / 10,
                throughput_rps=0.0 if stalled else rate * rng.gauss(1, 0.04),
                errors=0,
                p50_ms=None if stalled else p99 / 2.5,
                p99_ms=None
                if stalled
                else p99 * rng.uniform(0.8, 1.3) * (6 if stalls and place == 15 else 1),
            )
        )
    return tuple(bins)


def _percentiles(p50: float, tail: float, rng: Random) -> tuple[tuple[float, float], ...]:
    """A curve whose p50 and p99 are those of the summary."""
    wobble = rng.uniform(0.95, 1.1)
    shape = (
        (0, 0.55),
        (10, 0.75),
        (25, 0.88),
        (50, 1.0),
        (75, 1.2),
        (90, 1.5),
        (95, 0.75 + tail / 2),
        (99, tail),
        (99.5, tail * 1.2 * wobble),
        (99.9, tail * 1.8 * wobble),
        (99.95, tail * 2.1 * wobble),
        (100, tail * 3),
    )
    return tuple((float(at), p50 * times) for at, times in shape)
