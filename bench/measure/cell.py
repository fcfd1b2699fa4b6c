"""One cell on a live server in one stretch: a checked answer, warm-up, load, readings, record."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from bench.engines import launch
from bench.engines.job import DRAIN_S, Job
from bench.measure.answers import check_answers
from bench.measure.bystander import bystander_job, ping_cpu_us
from bench.measure.evidence import collect_evidence
from bench.measure.jobs import split_ceiling
from bench.measure.measurement import Doubts, LoadResult, Measurement, ServerReadings, make_record
from bench.measure.neighbourhood import watch_neighbours
from bench.measure.workbench import Harness
from bench.model.plan import TIMEOUT_S, Cell, ClosedLoad
from bench.model.record import Record
from bench.observe import telemetry
from bench.observe.meter import Meter
from bench.observe.profiler import profiling
from bench.plan.generators import split
from bench.serve.server import Server, server_ended
from bench.system.waiting import wait_until

_DYING_S = 0.3
_DYING_POLL_S = 0.01


def measure(
    cell: Cell,
    server: Server,
    harness: Harness,
    *,
    doubts: Doubts = lambda _: (),
) -> Record:
    """Measure a cell on a live server. Raises EngineError.

    `doubts` adds caveats to those of the audit.
    """
    with tempfile.TemporaryDirectory(prefix="fastapi-bench-") as tmp:
        return make_record(harness.run, _observe(cell, server, harness, Path(tmp)), doubts)


def _observe(cell: Cell, server: Server, harness: Harness, folder: Path) -> Measurement:
    """Load a server and read it; the samples are in the folder."""
    bench = harness.workbench
    scenario = bench.scenarios[cell.scenario]
    checked = check_answers(scenario, server, cell.load.timeout_s)
    ping_us = None
    if scenario.victim:
        ping_us = ping_cpu_us(scenario, server, bench.scenarios_file, timeout_s=cell.load.timeout_s)
    started_at = now()
    with (
        contextlib.closing(
            Meter(server.pid, server.port, cell.load.duration_s, socket=server.address.socket)
        ) as meter,
        _profile(cell, harness) as profile,
    ):
        load = _load(cell, server, harness, meter, profile, folder=folder)
    reports = server.setup.env.get(telemetry.TELEMETRY_DIR)
    return Measurement(
        cell=cell,
        started_at=started_at,
        load=load,
        readings=ServerReadings(
            snapshots=meter.snapshots, workers=meter.workers, times=meter.times, own_cpu_s=meter.own_cpu_s
        ),
        telemetry=telemetry.read(Path(reports)) if reports else {},
        server_cpus=server.cpus,
        generator_cpus=bench.generator_cpus,
        own_cpus=bench.own_cpus,
        ping_cpu_us=ping_us,
        checked=checked,
        profile=profile.name,
        attachment=server.attachment,
        errors=collect_evidence(load, server),
    )


def check_alive(server: Server, record: Record) -> None:
    """Raise ServerError, with the end of its log, where the server has ended while this was measured."""
    if server.exit_status() is not None or (record.summary.errors and is_ending(server)):
        raise server_ended(server)


def is_ending(server: Server) -> bool:
    """Whether a server that answered wrongly or not at all ends: its connections close a little before it is gone."""
    return wait_until(lambda: server.exit_status() is not None, _DYING_S, _DYING_POLL_S)


def now() -> str:
    """The time in UTC, as ISO 8601 in whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _load(
    cell: Cell, server: Server, harness: Harness, meter: Meter, profile: _Profile, *, folder: Path
) -> LoadResult:
    """Load the server, and read it and its neighbours meanwhile."""
    bench, processes = harness.workbench, harness.processes

    def start() -> None:
        meter.start()
        profile.start(meter.workers)

    job = _job(cell, server, harness, folder / "samples")
    has_bystander = bench.scenarios[cell.scenario].victim is not None
    jobs = _share(job, _processes(cell, harness))
    jobs, bystander = split_ceiling(jobs, job, has_bystander)
    companions = [bystander_job(bystander, folder / "bystander")] if has_bystander else []
    neighbours = watch_neighbours([server], bench, processes)
    samples, others = launch.run(
        cell.engine,
        jobs,
        processes,
        launch.Watch(start, meter.end, harness.progress),
        cpus=bench.generator_cpus,
        companions=companions,
    )
    return LoadResult(
        samples=samples,
        bystander=others[0] if others else None,
        generators=len(jobs),
        others_share=round(neighbours.share(), 3),
        services_cpu_s=round(neighbours.services_s(), 3),
    )


def _job(cell: Cell, server: Server, harness: Harness, samples: Path) -> Job:
    seed = Random(f"{harness.plan.seed} {cell.scenario} {cell.load} {cell.repeat}").getrandbits(32)
    return Job(
        address=server.address,
        scenario=cell.scenario,
        load=cell.load,
        samples=samples,
        seed=seed,
        scenarios_file=harness.workbench.scenarios_file,
        timeout_s=cell.load.timeout_s,
        drain_s=DRAIN_S if cell.load.timeout_s <= TIMEOUT_S else cell.load.timeout_s,
        most_rps=server.most_rps,
    )


def _processes(cell: Cell, harness: Harness) -> int:
    """The plan's number of generator processes, else as many as fit the load and have a CPU each."""
    if cell.engine != "native":
        return 1
    return harness.plan.processes or split(cell.load, len(harness.workbench.generator_cpus))


def _share(job: Job, parts: int) -> list[Job]:
    """The job shared out to several processes; they never outnumber the users."""
    parts = min(parts, job.load.users) if isinstance(job.load, ClosedLoad) else parts
    return [
        replace(job, part=part, parts=parts, samples=job.samples.with_name(f"samples-{part}"))
        for part in range(parts)
    ]


def _start_nothing(_: Sequence[int]) -> None:
    """Stands in where no flame graph is wanted."""


@dataclass(frozen=True, slots=True)
class _Profile:
    """A flame graph, if one is wanted: its file, and what starts it for the first of some workers."""

    graph: Path | None = None
    start: Callable[[Sequence[int]], None] = field(default=_start_nothing)

    @property
    def name(self) -> str | None:
        """The file in the run's folder; None where there is no graph."""
        graph = self.graph
        return f"{graph.parent.name}/{graph.name}" if graph is not None and graph.exists() else None


@contextlib.contextmanager
def _profile(cell: Cell, harness: Harness) -> Iterator[_Profile]:
    bench = harness.workbench
    if bench.profiles is None or cell.repeat > 0:
        yield _Profile()
        return
    name = "-".join(cell.label.replace("/", " ").replace(",", "").split())
    graph = bench.profiles / f"{name}.svg"
    with profiling(graph, cell.load.duration_s, harness.processes, bench.generator_cpus) as start:
        yield _Profile(graph, lambda workers: start(workers[0]) if workers else None)
