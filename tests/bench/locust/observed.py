"""A test of Locust's as it might have been: who took part, what was seen of the server, and sample files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.locust import spool
from bench.locust.records import LocustTest, ScenarioFacts, ServerSide
from bench.measure.measurement import ServerReadings
from bench.model.plan import Setup
from bench.model.readings import CpuTimes, Reading, Snapshot
from bench.model.samples import SampleFile, tag

S = 1_000_000_000
START_NS = 1000 * S
SPAN_NS = (START_NS, START_NS + 10 * S)
WORKER = 77

MINE = Setup("mine", "uvicorn", env={"APP_TOKEN": "canary-one"})


def facts(users: int) -> ScenarioFacts:
    return ScenarioFacts(about="Does things.", group="things", variant="many", users=users)


def locust_test(*names: str, fail_if: tuple[str, ...] = ()) -> LocustTest:
    """Ten seconds of these scenarios, the first with one user, the next with two, and so on."""
    scenarios = {name: facts(number) for number, name in enumerate(names, 1)}
    return LocustTest(
        engine="locust",
        started_at="2026-11-30T21:00:00+00:00",
        span_ns=SPAN_NS,
        users=sum(one.users for one in scenarios.values()),
        scenarios=scenarios,
        fail_if=fail_if,
    )


def server_side(setup: Setup = MINE, *, cpu_s: float = 2.0) -> ServerSide:
    """One worker that used so much CPU time in the ten seconds; none where the setup was not started by us."""
    is_seen = setup is MINE
    times = tuple(
        CpuTimes(at_ns=at_ns, used_s=(used_s, 0.0), idle_s=(10 - used_s, 10.0), steal_s=(0.0, 0.0))
        for at_ns, used_s in zip(SPAN_NS, (0.0, cpu_s), strict=True)
    )
    snapshots = tuple(
        Snapshot(
            at_ns,
            (Reading(pid=WORKER, cpu_ns=cpu_ns, rss_bytes=50_000_000, threads=3),) if is_seen else (),
        )
        for at_ns, cpu_ns in zip(SPAN_NS, (5 * S, 5 * S + int(cpu_s * S)), strict=True)
    )
    return ServerSide(
        setup=setup,
        readings=ServerReadings(
            snapshots=snapshots, workers=(WORKER,) if is_seen else (), times=(times[0], times[1])
        ),
        telemetry={},
        others_share=0.0,
        services_cpu_s=0.0,
        server_cpus=(0,) if is_seen else (),
        generator_cpus=(1,) if is_seen else (),
    )


def write_rows(
    folder: Path,
    process: str,
    rows: Iterable[tuple[str, str, int, str]],
    *,
    closes: bool = True,
    run: int = 1,
    start_ns: int = START_NS,
) -> Path:
    """A sample file; a row has its scenario, request, number of answers 10 ms apart, and outcome, each of 5 ms."""
    path = spool.sample_path(folder, run, process)
    file = SampleFile(path)
    at_ns = start_ns
    for scenario, request, count, outcome in rows:
        tagged = tag(file.label(spool.label(scenario, request)), file.outcome(outcome), WORKER)
        for _ in range(count):
            at_ns += 10_000_000
            file.append((at_ns, 0, at_ns, at_ns + 5_000_000, at_ns + 5_000_000, tagged))
    file.close(start_ns=0, end_ns=0, shed=0, cpu_s=1.0)
    if not closes:
        path.with_suffix(".json").write_text("")  # as a process leaves it that was killed
    return path
