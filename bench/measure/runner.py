"""Measures the cells of a plan: server, one checked answer, warm-up, load, resources, summary, audit, record."""

from __future__ import annotations

import contextlib
import gc
import tempfile
import time
from collections import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np

from bench.engines import launch
from bench.engines.job import Job
from bench.errors import EngineError, ServerError
from bench.measure.answers import check_answers
from bench.measure.bystander import ping_cpu_us, probe
from bench.measure.progress import Display
from bench.measure.store import RunFolder
from bench.model.plan import Cell, ClosedLoad, Plan, Setup
from bench.model.readings import steal_share
from bench.model.record import SCHEMA, Failure, Generator, Record
from bench.model.samples import Samples
from bench.observe import telemetry
from bench.observe.meter import Meter
from bench.observe.neighbours import Neighbours
from bench.observe.profiler import profiling
from bench.plan.order import Visit, cells, visits
from bench.plan.schedule import stages
from bench.results.caveats import audit, is_valid, profiled, stalled_share
from bench.results.resources import resources
from bench.results.summary import answers_by_worker, latency, summarise
from bench.serve.server import Server, ended, serving
from bench.system import cpus, host
from bench.system.processes import Processes
from scenarios.model import Scenario

_CHECK_TIMEOUT_S = 10.0
_DYING_S = 0.3

_START_S = {"uvicorn": 1.5, "gunicorn": 1.5, "granian": 1.5, "hypercorn": 2.0}
_OVERHEAD_S = {"native": 0.6, "locust": 2.5}


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything a run needs beside its plan: what the names mean, and where to measure.

    `own_cpus` are those of the harness, which are the generator's where it has none of its own. Flame graphs go into
    the folder `profiles`, where there is one: of each cell's first repeat.
    """

    setups: Mapping[str, Setup]
    scenarios: Mapping[str, Scenario]
    scenarios_file: Path | None = None
    address: str = "127.0.0.1"
    server_cpus: tuple[int, ...] = ()
    generator_cpus: tuple[int, ...] = ()
    own_cpus: tuple[int, ...] = ()
    profiles: Path | None = None


def expected_s(plan: Plan, bench: Bench) -> float:
    """About how long a plan takes, before anything was measured."""
    starts = sum(_START_S.get(bench.setups[visit.setup].server, 1.0) for visit in visits(plan))
    return starts + sum(_cell_s(cell) for cell in cells(plan))


def facts(run: str, plan: Plan, bench: Bench) -> dict[str, object]:
    """What goes into `run.json` before the first cell is measured.

    Raises UsageError for a setup whose CPUs do not exist or are the generator's.
    """
    used = list(dict.fromkeys(setup for block in plan.blocks for setup in block.setups))
    for name in used:
        host.check_cpus(bench.setups[name], bench.generator_cpus)
    scenarios = list(dict.fromkeys(scenario for block in plan.blocks for scenario in block.scenarios))
    return {
        "schema": SCHEMA,
        "run": run,
        "started_at": _now(),
        "finished": False,
        "plan": {
            "name": plan.name,
            "about": plan.about,
            "cells": len(cells(plan)),
            "blocks": [asdict(block) for block in plan.blocks],
            "setups": {name: asdict(bench.setups[name]) for name in used},
            "scenarios": {name: bench.scenarios[name].about for name in scenarios},
            "variants": {
                name: [bench.scenarios[name].group, bench.scenarios[name].variant] for name in scenarios
            },
        },
        "seed": plan.seed,
        "cpus": {
            "server": bench.server_cpus,
            "generator": bench.generator_cpus,
            "harness": bench.own_cpus,
            "quota": cpus.quota(),
        },
        "host": host.fingerprint(),
        "environment": host.environment(),
    }


def run(plan: Plan, bench: Bench, folder: RunFolder, display: Display) -> None:
    """Measure every cell of a plan and append each result as soon as it is known.

    A setup that does not start and a cell that cannot be measured are recorded as failures; the run goes on.
    """
    began_s = time.monotonic()
    gc.freeze()  # a collection of all that there is takes tens of milliseconds, on two CPUs the generator's
    with host.on_cpus(bench.own_cpus), Processes() as processes:
        earlier: dict[object, list[float]] = {}
        for visit in visits(plan):
            with contextlib.closing(_visit(visit, plan, bench, processes, display)) as results:
                for result in results:
                    if isinstance(result, Failure):
                        folder.add_failure(result)
                        continue
                    before = earlier.setdefault(result.cell.key, [])
                    record = audited(replace(result, run=folder.path.name), before)
                    before.append(record.summary.throughput_rps)
                    folder.add(record)
                    display.measured(record, _cell_s(record.cell))
    folder.add_facts(finished=True, took_s=round(time.monotonic() - began_s, 1))


def _visit(
    visit: Visit, plan: Plan, bench: Bench, processes: Processes, display: Display
) -> abc.Generator[Record | Failure, None, None]:
    """The records of one start of a server, which is stopped when the generator is closed."""
    display.starting(visit.setup)
    ended_cells = 0
    try:
        with serving(
            bench.setups[visit.setup], processes, host=bench.address, cpus=bench.server_cpus
        ) as server:
            for cell in visit.cells:
                display.measuring(cell)
                try:
                    result = measure(cell, server, plan, bench, processes, display.live)
                except EngineError as error:
                    if _has_ended(server):
                        raise ended(server) from error
                    failure = Failure(cell.setup, cell.repeat, str(error), cell.scenario)
                    display.failed(failure, 1, _cell_s(cell))
                    yield failure
                    ended_cells += 1
                else:
                    yield result
                    ended_cells += 1
                    check_alive(server, result)
    except ServerError as error:
        failure = Failure(visit.setup, visit.repeat, str(error))
        left = visit.cells[ended_cells:]
        display.failed(failure, len(left), sum(map(_cell_s, left)))
        yield failure


def check_alive(server: Server, record: Record) -> None:
    """Raise ServerError, with the end of its log, where the server has ended while this was measured."""
    if server.exit_status() is not None or (record.summary.errors and _has_ended(server)):
        raise ended(server)


def _has_ended(server: Server) -> bool:
    """Whether a server that answered wrongly or not at all is dying: connections close a little before it is gone."""
    deadline_s = time.monotonic() + _DYING_S
    while server.exit_status() is None and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return server.exit_status() is not None


def measure(
    cell: Cell,
    server: Server,
    plan: Plan,
    bench: Bench,
    processes: Processes,
    live: Callable[[launch.Progress], None],
) -> Record:
    """Measure a cell on a live server; the record is not audited yet. Raises EngineError.

    Of the plan only its seed and its number of generator processes matter; `live` hears how far the cell is.
    """
    scenario = bench.scenarios[cell.scenario]
    unchecked = check_answers(scenario, server)
    ping_us = ping_cpu_us(scenario, server, bench.scenarios_file) if scenario.victim else None
    started_at = _now()
    with (
        contextlib.closing(Meter(server.pid, server.port, cell.load.duration_s)) as meter,
        _graph(cell, bench, processes) as (graph, profile),
        tempfile.TemporaryDirectory(prefix="fastapi-bench-") as tmp,
    ):

        def start() -> None:
            meter.start()
            profile(meter.workers)

        watch = launch.Watch(start, meter.end, live)
        job = Job(
            host=server.host,
            port=server.port,
            scenario=cell.scenario,
            load=cell.load,
            samples=Path(tmp) / "samples",
            seed=Random(f"{plan.seed} {cell.scenario} {cell.load} {cell.repeat}").getrandbits(32),
            scenarios_file=bench.scenarios_file,
        )
        probes = [probe(job, Path(tmp) / "victim")] if scenario.victim else []
        jobs = _shared(job, plan.processes if cell.engine == "native" else 1)
        neighbours = Neighbours(server.pid, server.cpus, bench.generator_cpus, processes, bench.own_cpus)
        samples, victims = launch.run(
            cell.engine, jobs, processes, watch, cpus=bench.generator_cpus, companions=probes
        )
        others_share, services_cpu_s = round(neighbours.share(), 3), round(neighbours.services_s(), 3)
    load = _Load(samples, victims[0] if victims else None, len(jobs))
    record = _record(cell, started_at, load, server, meter, bench, ping_us)
    record = replace(
        record,
        summary=replace(record.summary, unchecked=unchecked),
        resources=replace(
            record.resources,
            others_share=others_share,
            services_cpu_s=services_cpu_s,
            shared=cpus.shared(server.cpus, bench.generator_cpus),
        ),
    )
    written = graph is not None and graph.exists()
    return replace(record, profile=f"{graph.parent.name}/{graph.name}") if graph and written else record


@contextlib.contextmanager
def _graph(
    cell: Cell, bench: Bench, processes: Processes
) -> Iterator[tuple[Path | None, Callable[[tuple[int, ...]], None]]]:
    """Where the cell's flame graph goes, and what starts it for the first of some workers; None and nothing without."""
    if bench.profiles is None or cell.repeat > 0:
        yield None, lambda workers: None
        return
    name = "-".join(cell.label.replace("/", " ").replace(",", "").split())
    graph = bench.profiles / f"{name}.svg"
    with profiling(graph, cell.load.duration_s, processes, bench.generator_cpus) as start:
        yield graph, lambda workers: start(workers[0]) if workers else None


def _shared(job: Job, parts: int) -> list[Job]:
    """The job as several processes share it; they never outnumber the users."""
    parts = min(parts, job.load.users) if isinstance(job.load, ClosedLoad) else parts
    return [
        replace(job, part=part, parts=parts, samples=job.samples.with_name(f"samples-{part}"))
        for part in range(parts)
    ]


@dataclass(frozen=True, slots=True)
class _Load:
    """The samples of a cell, those of its victim's probe, and by how many processes the load was made."""

    samples: Samples
    victim: Samples | None
    processes: int


def _record(
    cell: Cell,
    started_at: str,
    load: _Load,
    server: Server,
    meter: Meter,
    bench: Bench,
    ping_us: float | None,
) -> Record:
    """The record of a cell, not audited yet."""
    samples, victim = load.samples, load.victim
    summary = summarise(samples, victim, stages(cell.load))
    pings = _answered(victim) if victim else 0
    telemetry_folder = server.setup.env.get(telemetry.PROBE_DIR)
    return Record(
        run="",
        cell=cell,
        summary=summary,
        resources=resources(
            meter.snapshots,
            workers=meter.workers,
            answers=answers_by_worker(samples),
            answered=_answered(samples),
            cpus=server.cpus,
            times=meter.times,
            pulses=telemetry.pulses(Path(telemetry_folder)) if telemetry_folder else {},
            pings=pings,
            ping_cpu_us=ping_us,
        ),
        generator=_generator(load, meter, bench, summary.service_ms.p50),
        valid=False,
        started_at=started_at,
    )


def _generator(load: _Load, meter: Meter, bench: Bench, service_p50_ms: float | None) -> Generator:
    """What its processes cost and what held them up; where they have to share CPUs, with the probe's cost and ours."""
    samples, chosen = load.samples, bench.generator_cpus
    span_s, answered = samples.duration_s, _answered(load.samples)
    used_s = samples.cpu_s
    if load.victim and chosen and len(chosen) <= load.processes:
        used_s += load.victim.cpu_s
    if set(bench.own_cpus) & set(chosen):
        used_s += meter.own_cpu_s
    late_ms, run_wait_s = samples.stalls.late_ns / 1e6, samples.stalls.run_wait_s
    return Generator(
        cpu_share=used_s / span_s / min(load.processes, len(chosen) or load.processes),
        cpu_us_per_request=samples.cpu_s * 1e6 / answered if answered else None,
        late_ms=latency(late_ms),
        stalled_share=stalled_share(late_ms.tolist(), span_s, service_p50_ms),
        run_wait_share=None if run_wait_s is None else run_wait_s / span_s,
        steal_share=steal_share(*meter.times, chosen),
        imported=samples.stalls.imported,
    )


def audited(record: Record, earlier_rps: Sequence[float] = ()) -> Record:
    """The record with its caveats; `earlier_rps` are the throughputs of its earlier repeats."""
    caveats = audit(record.cell, record.summary, record.resources, record.generator, earlier_rps)
    caveats += (profiled(),) if record.profile else ()
    return replace(record, caveats=caveats, valid=is_valid(caveats))


def _answered(samples: Samples) -> int:
    """Requests that ended in the measured part, well or not."""
    return int(np.count_nonzero(samples.during(samples.done_ns)))


def _cell_s(cell: Cell) -> float:
    return cell.load.warmup_s + cell.load.duration_s + _OVERHEAD_S.get(cell.engine, 1.0)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
