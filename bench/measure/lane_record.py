"""The lanes of a round -> their records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.measure.answers import CheckedSession
from bench.measure.cell import is_ending
from bench.measure.evidence import collect_evidence
from bench.measure.lane import Lane, LaneResult
from bench.measure.measurement import LoadResult, Measurement, ServerReadings, make_record
from bench.measure.slices import columns, lay_out, lay_out_pings, snapshots, telemetry_in
from bench.measure.workbench import Harness
from bench.model.plan import Cell
from bench.model.readings import CpuTimes
from bench.model.record import Failure, LaneSlices, Record
from bench.observe import telemetry
from bench.plan.order import Group
from bench.serve.server import server_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all lanes of a group share, and what was found of each before it was loaded.

    `times` are those of the CPUs at both ends; `others_share` is as in `Resources`. `idle_cpu_share` is by setup.
    """

    started_at: str
    times: tuple[CpuTimes, CpuTimes]
    others_share: float
    idle_cpu_share: Mapping[str, float]
    ping_cpu_us: Mapping[Cell, float | None]
    checked: Mapping[Cell, CheckedSession]


def make_lane_records(
    lanes: Sequence[Lane], group: Group, harness: Harness, surroundings: Surroundings
) -> Iterator[Record | Failure]:
    """A record of each lane that has slices; the anchor's only in the first group that holds its own setup's lanes."""
    dead: set[str] = set()
    results = {lane: lane.close() for lane in lanes if lane.cell == group.anchor}
    anchor = next((_columns(*one, surroundings) for one in results.items()), None)
    for lane in lanes:  # one at a time, as all samples of all lanes are too many
        cell, result = lane.cell, results.pop(lane, None) or lane.close()
        if lane.failure is not None:
            if cell.setup in dead:
                continue
            if is_ending(lane.server):
                dead.add(cell.setup)
                yield Failure(cell.setup, cell.repeat, str(server_ended(lane.server)))
            else:
                yield Failure(cell.setup, cell.repeat, lane.failure, cell.scenario)
        elif result.slices and not (cell == group.anchor and group.anchor_is_guest):
            yield _record(lane, result, harness, surroundings, anchor)


def _record(
    lane: Lane,
    result: LaneResult,
    harness: Harness,
    surroundings: Surroundings,
    anchor: LaneSlices | None,
) -> Record:
    cell, server, slices = lane.cell, lane.server, result.slices
    reports = server.setup.env.get(telemetry.TELEMETRY_DIR)
    services_ns = sum(one.services_cpu_ns for one in slices)
    found = _columns(lane, result, surroundings)
    load = LoadResult(
        samples=lay_out(result.samples, slices),
        bystander=None if result.pings is None else lay_out_pings(result.pings, slices),
        generators=1,
        others_share=surroundings.others_share,
        services_cpu_s=round(services_ns / 1e9, 3),
    )
    measurement = Measurement(
        cell=cell,
        started_at=surroundings.started_at,
        load=load,
        readings=ServerReadings(
            snapshots=snapshots(slices),
            workers=server.workers(),
            times=surroundings.times,
        ),
        telemetry=telemetry_in(telemetry.read(Path(reports)), slices) if reports else {},
        server_cpus=server.cpus,
        generator_cpus=harness.workbench.generator_cpus,
        own_cpus=(),
        ping_cpu_us=surroundings.ping_cpu_us.get(cell),
        checked=surroundings.checked[cell],
        slices=found if anchor is None else _beside(found, anchor),
        idle_cpu_share=surroundings.idle_cpu_share.get(cell.setup),
        attachment=server.attachment,
        errors=collect_evidence(load, server),
    )
    return make_record(harness.run, measurement)


def _columns(lane: Lane, result: LaneResult, surroundings: Surroundings) -> LaneSlices:
    ping_us = surroundings.ping_cpu_us.get(lane.cell) or 0.0
    return columns(result.samples, result.slices, ping_us)


def _beside(own: LaneSlices, anchor: LaneSlices) -> LaneSlices:
    """With the anchor's figures in the same rotations, as far as it has them."""
    rps = dict(zip(anchor.rotation, anchor.throughput_rps, strict=True))
    cpu_us = dict(zip(anchor.rotation, anchor.cpu_us_per_request, strict=True))
    return replace(
        own,
        anchor_rps=tuple(map(rps.get, own.rotation)),
        anchor_cpu_us=tuple(map(cpu_us.get, own.rotation)),
    )
