"""The observations of one cell -> its record, complete with its caveats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench.measure.answers import CheckedSession
from bench.model.attachment import Attachment
from bench.model.evidence import FailedRequest
from bench.model.plan import Cell, Stage
from bench.model.readings import CpuTimes, Snapshot, Telemetry, steal_share
from bench.model.record import Caveat, Generator, LaneSlices, Record, Resources, Summary
from bench.model.samples import Recording
from bench.plan.schedule import stages
from bench.results.audit import audit
from bench.results.audit.machine import stalled_share
from bench.results.caveats import is_valid
from bench.results.resources import resources
from bench.results.summary import answers_by_worker, count_answered, summarise
from bench.results.tallies import latency_of
from bench.system import cpus


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """The samples of a load, which `generators` processes made, and of the bystander next to it.

    Files of samples must be there until the record is made. `others_share` and `services_cpu_s` are as in `Resources`.
    """

    samples: Recording
    bystander: Recording | None
    generators: int
    others_share: float
    services_cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerReadings:
    """A server's processes over time, its workers' pids, and the CPUs' times at both ends.

    `own_cpu_s` is what this process used in the measured part besides making the load.
    """

    snapshots: tuple[Snapshot, ...]
    workers: tuple[int, ...]
    times: tuple[CpuTimes, CpuTimes]
    own_cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ErrorEvidence:
    """`failed` and `server_log` as in the record; both are empty without errors."""

    failed: tuple[FailedRequest, ...] = ()
    server_log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Everything that was observed of one cell.

    `telemetry` is by the worker's pid. `ping_cpu_us`, `profile`, `slices`, `idle_cpu_share` are as in the
    record. `attachment` is that of a server that ran already. `stages` are those of a load that somebody changed while
    it ran, as in Locust's web UI; None stands for those of the cell's load.
    """

    cell: Cell
    started_at: str
    load: LoadResult
    readings: ServerReadings
    telemetry: Mapping[int, Sequence[Telemetry]]
    server_cpus: Sequence[int]
    generator_cpus: Sequence[int]
    own_cpus: Sequence[int]
    ping_cpu_us: float | None
    checked: CheckedSession
    profile: str | None = None
    slices: LaneSlices = field(default_factory=LaneSlices)
    idle_cpu_share: float | None = None
    attachment: Attachment | None = None
    errors: ErrorEvidence = field(default_factory=ErrorEvidence)
    stages: tuple[Stage, ...] | None = None


Doubts = Callable[[Summary], Iterable[Caveat]]
"""More caveats of a cell, from its summary: those of whoever has it measured."""


def make_record(run: str, measurement: Measurement, doubts: Doubts = lambda _: ()) -> Record:
    """The record of a cell in a run."""
    cell, load = measurement.cell, measurement.load
    parts = stages(cell.load) if measurement.stages is None else measurement.stages
    summary = summarise(load.samples, load.bystander, parts, measurement.checked.unchecked)
    summary = replace(summary, looked_at=measurement.checked.looked_at)
    used = _resources(measurement, summary.answered or 0)
    generator = _generator(measurement, summary)
    caveats = (
        *audit(
            cell,
            summary,
            used,
            generator,
            is_profiled=measurement.profile is not None,
            idle_cpu_share=measurement.idle_cpu_share,
            attachment=measurement.attachment,
            pauses=load.samples.pauses,
            is_steady=measurement.stages is None,
        ),
        *doubts(summary),
    )
    return Record(
        run=run,
        cell=cell,
        summary=summary,
        resources=used,
        generator=generator,
        valid=is_valid(caveats),
        caveats=caveats,
        started_at=measurement.started_at,
        profile=measurement.profile,
        slices=measurement.slices,
        idle_cpu_share=measurement.idle_cpu_share,
        failed=measurement.errors.failed,
        server_log=measurement.errors.server_log,
    )


def _resources(one: Measurement, answered: int) -> Resources:
    load, readings = one.load, one.readings
    used = resources(
        readings.snapshots,
        workers=readings.workers,
        answers=answers_by_worker(load.samples),
        answered=answered,
        cpus=one.server_cpus,
        times=readings.times,
        telemetry=one.telemetry,
        pings=count_answered(load.bystander) if load.bystander else 0,
        ping_cpu_us=one.ping_cpu_us,
        others_share=load.others_share,
        services_cpu_s=load.services_cpu_s,
        shared=cpus.shared(one.server_cpus, one.generator_cpus),
    )
    if one.attachment is not None and one.attachment.elsewhere:
        used = replace(used, steal_share=None)
    if not one.cell.in_slices or not used.cpus or used.cpu_s is None:
        return used
    # The CPUs worked for other lanes in between: what the server itself used of them in its slices is what is known.
    own_share = used.cpu_s / load.samples.duration_s / len(used.cpus)
    return replace(used, busy_share=round(min(1.0, own_share), 3))


def _generator(one: Measurement, summary: Summary) -> Generator:
    """The cost of the generator processes, and their stalls.

    Where they share CPUs with the bystander's process, or with the harness, the cost of these counts too.
    """
    load, chosen = one.load, one.generator_cpus
    samples, span_s, answered = load.samples, load.samples.duration_s, summary.answered
    used_s = samples.cpu_s
    if load.bystander and chosen and len(chosen) <= load.generators:
        used_s += load.bystander.cpu_s
    if set(one.own_cpus) & set(chosen):
        used_s += one.readings.own_cpu_s
    late_ns, run_wait_s = samples.stalls.late_ns, samples.stalls.run_wait_s
    return Generator(
        cpu_share=used_s / span_s / min(load.generators, len(chosen) or load.generators),
        cpu_us_per_request=samples.cpu_s * 1e6 / answered if answered else None,
        late_ms=latency_of(late_ns),
        stalled_share=stalled_share(late_ns / 1e6, span_s, summary.service_ms.p50),
        run_wait_share=None if run_wait_s is None else run_wait_s / span_s,
        steal_share=steal_share(*one.readings.times, chosen),
        imported=samples.stalls.imported,
    )
