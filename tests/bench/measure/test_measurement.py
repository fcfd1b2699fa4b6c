"""Records made from observations that were made up: each is complete when it is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure.answers import CheckedSession
from bench.measure.measurement import LoadResult, Measurement, ServerReadings, make_record
from bench.model.plan import Cell, ClosedLoad
from bench.model.readings import CpuTimes, Reading, Snapshot
from bench.model.record import Caveat, LaneSlices
from bench.model.samples import Samples

MS = 1_000_000
SECOND = 1_000 * MS
CELL = Cell("uvicorn", "noop-async", "native", ClosedLoad(1, 1.0))


def samples(count: int, cpu_s: float = 0.5) -> Samples:
    """One user, whose requests take equal parts of one second."""
    edges_ns = np.linspace(0, SECOND, count + 1).astype(np.int64)
    zeros = np.zeros(count, np.int64)
    return Samples(
        intended_ns=edges_ns[:-1],
        connect_ns=zeros,
        sent_ns=edges_ns[:-1],
        first_ns=edges_ns[1:] - 1,
        done_ns=edges_ns[1:] - 1,
        label=zeros,
        outcome=zeros,
        worker=zeros,
        labels=("GET /",),
        outcomes=("ok",),
        start_ns=0,
        end_ns=SECOND,
        cpu_s=cpu_s,
    )


READINGS = ServerReadings(
    snapshots=tuple(
        Snapshot(at_ns, (Reading(pid=7, cpu_ns=cpu_ns, rss_bytes=1, threads=1),))
        for at_ns, cpu_ns in ((0, 0), (SECOND, 100 * MS))
    ),
    workers=(7,),
    times=(
        CpuTimes(at_ns=0, used_s=(0.0, 0.0), idle_s=(0.0, 0.0), steal_s=(0.0, 0.0)),
        CpuTimes(at_ns=SECOND, used_s=(0.9, 0.0), idle_s=(0.1, 0.0), steal_s=(0.0, 0.0)),
    ),
    own_cpu_s=0.125,
)
"""Of a server with one process that used a tenth of a second, on a CPU that worked for nine tenths of it."""


def measurement(**more: Any) -> Measurement:
    load = LoadResult(
        samples=samples(1000), bystander=None, generators=1, others_share=0.03, services_cpu_s=0.2
    )
    made = Measurement(
        cell=CELL,
        started_at="2026-11-29T12:00:00+00:00",
        load=load,
        readings=READINGS,
        telemetry={},
        server_cpus=(0,),
        generator_cpus=(1,),
        own_cpus=(2,),
        ping_cpu_us=None,
        checked=CheckedSession(),
    )
    return replace(made, **more)


def codes(found: Measurement) -> set[str]:
    return {caveat.code for caveat in make_record("a-run", found).caveats}


def test_a_record_has_all_of_its_parts() -> None:
    record = make_record("a-run", measurement(checked=CheckedSession(("GET /",)), ping_cpu_us=12.5))
    assert (record.run, record.cell, record.started_at) == ("a-run", CELL, "2026-11-29T12:00:00+00:00")
    assert (record.summary.requests, record.summary.unchecked) == (1000, ("GET /",))
    used = record.resources
    assert (used.others_share, used.services_cpu_s, used.ping_cpu_us) == (0.03, 0.2, 12.5)
    assert (used.cpu_s, used.cpus, used.workers[0].pid) == (0.1, (0,), 7)
    assert (record.valid, record.profile) == (True, None)
    assert codes(measurement()) == set()
    assert [caveat.code for caveat in record.caveats] == ["unchecked"]


def test_the_audit_knows_the_profiler() -> None:
    profile = str(Path("profiles") / "graph.svg")
    assert codes(measurement(profile=profile)) == {"profiled"}
    assert make_record("a-run", measurement(profile=profile)).profile == profile


def test_more_doubts_come_after_those_of_the_audit_and_count() -> None:
    observed = measurement(checked=CheckedSession(("GET /",)))
    record = make_record("a-run", observed, lambda summary: [Caveat("errors", f"{summary.requests}")])
    assert [(caveat.code, caveat.text) for caveat in record.caveats][1:] == [("errors", "1000")]
    assert not record.valid


def test_the_generators_share_counts_all_who_use_its_cpus() -> None:
    """Half a second of one CPU; the harness, or the bystander's process, adds what it used on the same one."""
    load = measurement().load
    assert make_record("r", measurement()).generator.cpu_share == 0.5
    assert make_record("r", measurement(own_cpus=(1,))).generator.cpu_share == 0.625
    beside = replace(load, bystander=samples(100, cpu_s=0.25))
    assert make_record("r", measurement(load=beside)).generator.cpu_share == 0.75
    assert make_record("r", measurement(load=beside, generator_cpus=(1, 3))).generator.cpu_share == 0.5
    two = replace(load, generators=2)
    assert make_record("r", measurement(load=two, generator_cpus=(1, 3))).generator.cpu_share == 0.25


def test_a_lane_keeps_its_slices_and_counts_what_its_server_used_alone() -> None:
    """Other lanes kept the CPU busy in between; what this server used of it is known from its slices."""
    lane = replace(CELL, load=ClosedLoad(1, 0.0))
    slices = LaneSlices(
        rotation=(0, 1), requests=(500, 500), throughput_rps=(9.0, 9.0), cpu_us_per_request=(1.0, None)
    )
    found = make_record("r", measurement(cell=lane, slices=slices, idle_cpu_share=0.01))
    assert (found.slices, found.idle_cpu_share) == (slices, 0.01)
    assert (found.measured_s, found.summary.measured_s) == (1.0, 1.0)
    assert found.resources.busy_share == 0.1

    stretch = make_record("r", measurement())
    assert (stretch.slices, stretch.idle_cpu_share, stretch.measured_s) == (LaneSlices(), None, 1.0)
    assert stretch.resources.busy_share == 0.9
