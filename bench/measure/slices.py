"""Slices of a lane -> samples and readings laid end to end, as if they had been one stretch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.model.evidence import SeenFailure
from bench.model.gaps import Gaps
from bench.model.readings import Reading, Snapshot, Telemetry
from bench.model.record import LaneSlices
from bench.model.samples import OK, Recording, Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSlice:
    """One slice: its rotation, its burst from the first start to the last answer, and readings of the server around it.

    The server is at rest at both readings, so that all its CPU time is booked. `requests` and `pings` were sent in
    between; `own_cpu_ns` is the generator's CPU time and `services_cpu_ns` that of databases and caches.
    """

    rotation: int
    start_ns: int
    end_ns: int
    before: Snapshot
    after: Snapshot
    requests: int
    pings: int = 0
    own_cpu_ns: int = 0
    services_cpu_ns: int = 0

    @property
    def span_ns(self) -> int:
        return self.end_ns - self.start_ns

    @property
    def cpu_ns(self) -> int:
        """CPU time of the server's processes."""
        before = {reading.pid: reading.cpu_ns for reading in self.before.processes}
        return sum(one.cpu_ns - before[one.pid] for one in self.after.processes if one.pid in before)

    def cpu_us(self, ping_us: float) -> float | None:
        """CPU time per request without that of the pings; None where nothing is left."""
        left_us = self.cpu_ns / 1e3 - self.pings * ping_us
        return left_us / self.requests if self.requests and left_us > 0 else None


def span_ns(slices: Sequence[LaneSlice]) -> int:
    """The length of all slices together."""
    return sum(one.span_ns for one in slices)


def lay_out(samples: Recording, slices: Sequence[LaneSlice]) -> Recording:
    """The requests of the slices, moved together: the measured part is from 0 to the length of all of them.

    Those that began a slice found the server at rest: their times do not count.
    """
    starts_ns = np.array([one.start_ns for one in slices], np.int64)
    sent = None if samples.sent is None else samples.sent - _count_outside(samples, slices)

    def move(part: Samples) -> Samples:
        number, inside = _place(part.intended_ns, slices)
        return replace(
            _moved(part, slices, number, inside),
            start_ns=0,
            end_ns=span_ns(slices) + 1,  # the last answer belongs to it
            cpu_s=sum(one.own_cpu_ns for one in slices) / 1e9,
            sent=sent,
            timed=part.intended_ns[inside] > starts_ns[number[inside]],
            failures=_since(part.failures, slices),
        )

    return samples.map(move)


def lay_out_pings(pings: Recording, slices: Sequence[LaneSlice]) -> Recording:
    """The bystander's requests that were due in the slices, on the same timeline."""

    def move(part: Samples) -> Samples:
        moved = _moved(part, slices, *_place(part.intended_ns, slices))
        failures = _since(pings.failures, slices)
        return replace(moved, start_ns=0, end_ns=span_ns(slices) + 1, failures=failures)

    return pings.map(move)


def _since(failures: Sequence[SeenFailure], slices: Sequence[LaneSlice]) -> tuple[SeenFailure, ...]:
    """Failures timed from the first slice on: many lie between two slices, where connections are warmed up."""
    return tuple(replace(one, done_ns=one.done_ns - slices[0].start_ns) for one in failures)


def columns(samples: Recording, slices: Sequence[LaneSlice], ping_us: float = 0.0) -> LaneSlices:
    """The figures of each slice; throughput counts good answers."""
    good = np.zeros(len(slices), np.int64)
    for part in samples.parts():
        number, inside = _place(part.intended_ns, slices)
        good += np.bincount(number[inside & (part.outcome == OK)], minlength=len(slices))
    return LaneSlices(
        rotation=tuple(one.rotation for one in slices),
        t_s=tuple(round((one.start_ns + one.end_ns) / 2e9, 4) for one in slices),
        requests=tuple(good.tolist()),
        throughput_rps=tuple(
            round(count / one.span_ns * 1e9, 3) for count, one in zip(good.tolist(), slices, strict=True)
        ),
        cpu_us_per_request=tuple(_rounded(one.cpu_us(ping_us)) for one in slices),
    )


def snapshots(slices: Sequence[LaneSlice]) -> tuple[Snapshot, ...]:
    """Readings on the timeline of `lay_out`, of what the server used in the slices alone."""
    used: dict[int, Reading] = {}
    at_ns = 0
    first = slices[0].before
    found = [Snapshot(0, tuple(_nothing_used(reading) for reading in first.processes), first.connections)]
    for one in slices:
        before = {reading.pid: reading for reading in one.before.processes}
        at_ns += one.span_ns
        for reading in one.after.processes:
            so_far = used.get(reading.pid, _nothing_used(reading))
            used[reading.pid] = _grown(so_far, before.get(reading.pid, reading), reading)
        there = {reading.pid for reading in one.after.processes}
        found.append(Snapshot(at_ns, tuple(used[pid] for pid in used if pid in there)))
    return tuple(found)


def telemetry_in(
    reports: Mapping[int, Sequence[Telemetry]], slices: Sequence[LaneSlice]
) -> dict[int, tuple[Telemetry, ...]]:
    """The reports that workers made in the slices, on the timeline of `lay_out`."""
    return {pid: tuple(_shifted(some, slices)) for pid, some in reports.items()}


def _shifted(reports: Sequence[Telemetry], slices: Sequence[LaneSlice]) -> list[Telemetry]:
    at_ns = np.array([report.at_ns for report in reports], np.int64)
    number, inside = _place(at_ns, slices)
    shift_ns = _shifts_ns(slices)
    return [
        replace(report, at_ns=report.at_ns + int(shift_ns[place]))
        for report, place, is_inside in zip(reports, number.tolist(), inside.tolist(), strict=True)
        if is_inside
    ]


def _nothing_used(reading: Reading) -> Reading:
    return replace(reading, cpu_ns=0, run_wait_ns=0, switches=0, preemptions=0)


def _grown(so_far: Reading, before: Reading, after: Reading) -> Reading:
    """A count falls where a thread ended and took its share away; that does not count."""

    def more(name: str) -> int:
        return int(getattr(so_far, name) + max(0, getattr(after, name) - getattr(before, name)))

    return replace(
        after,
        cpu_ns=more("cpu_ns"),
        run_wait_ns=more("run_wait_ns"),
        switches=more("switches"),
        preemptions=more("preemptions"),
    )


def _place(
    at_ns: NDArray[np.int64], slices: Sequence[LaneSlice]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each moment the last slice that has begun by then, and whether the moment lies in it."""
    starts_ns, ends_ns = _edges_ns(slices)
    number = np.searchsorted(starts_ns, at_ns, side="right") - 1
    inside = (number >= 0) & (at_ns <= ends_ns[np.maximum(number, 0)])
    return np.maximum(number, 0).astype(np.int64), inside


def _count_outside(samples: Recording, slices: Sequence[LaneSlice]) -> int:
    return sum(int(np.count_nonzero(~_place(part.intended_ns, slices)[1])) for part in samples.parts())


def _moved(
    samples: Samples, slices: Sequence[LaneSlice], number: NDArray[np.int64], inside: NDArray[np.bool_]
) -> Samples:
    """The rows inside, each moved with its slice; all times of a request move alike, and each gap by its own."""
    shift_ns = _shifts_ns(slices)[number[inside]]
    mine = samples.rows(inside)
    return replace(
        mine,
        intended_ns=mine.intended_ns + shift_ns,
        sent_ns=mine.sent_ns + shift_ns,
        first_ns=mine.first_ns + shift_ns,
        done_ns=mine.done_ns + shift_ns,
        gaps=_moved_gaps(samples.gaps, slices),
    )


def _moved_gaps(gaps: Gaps, slices: Sequence[LaneSlice]) -> Gaps:
    number, inside = _place(gaps.at_ns, slices)
    mine = gaps.rows(inside)
    return replace(mine, at_ns=mine.at_ns + _shifts_ns(slices)[number[inside]])


def _shifts_ns(slices: Sequence[LaneSlice]) -> NDArray[np.int64]:
    """What moves each slice to its place."""
    starts_ns, ends_ns = _edges_ns(slices)
    lengths_ns = ends_ns - starts_ns
    begins_ns: NDArray[np.int64] = np.cumsum(lengths_ns) - lengths_ns
    return begins_ns - starts_ns


def _edges_ns(slices: Sequence[LaneSlice]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    starts_ns = np.array([one.start_ns for one in slices], np.int64)
    return starts_ns, np.array([one.end_ns for one in slices], np.int64)


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 3)
