"""Slices of a lane -> samples and readings laid end to end, as if they had been one stretch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.engines.bursts import Window
from bench.model.readings import Reading, Snapshot, Telemetry
from bench.model.record import LaneSlices
from bench.model.samples import OK, Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSlice:
    """One slice: its rotation, its window, and readings of the server before and after the whole burst.

    The server is at rest at both readings, so that all its CPU time is booked. `requests` and `pings` were answered in
    the burst, in and around the window; `own_cpu_ns` is the generator's and `services_cpu_ns` that of databases and
    caches in the burst.
    """

    rotation: int
    window: Window
    before: Snapshot
    after: Snapshot
    requests: int
    pings: int = 0
    own_cpu_ns: int = 0
    services_cpu_ns: int = 0

    @property
    def span_ns(self) -> int:
        """The length of the window."""
        return self.window.until_ns - self.window.from_ns

    @property
    def cpu_ns(self) -> int:
        """CPU time of the server's processes in the burst."""
        before = {reading.pid: reading.cpu_ns for reading in self.before.processes}
        return sum(one.cpu_ns - before[one.pid] for one in self.after.processes if one.pid in before)

    def cpu_us(self, ping_us: float) -> float | None:
        """CPU time per request without that of the pings; None where nothing is left."""
        left_us = self.cpu_ns / 1e3 - self.pings * ping_us
        return left_us / self.requests if self.requests and left_us > 0 else None


def span_ns(slices: Sequence[LaneSlice]) -> int:
    """The length of all windows together."""
    return sum(one.span_ns for one in slices)


def lay_out(samples: Samples, slices: Sequence[LaneSlice]) -> Samples:
    """The requests that ended in the windows, with the windows moved together: the measured part is [0, their length).

    Requests keep their own times: those under way at the start of a window began before it.
    """
    number, inside = _place(samples.done_ns, slices)
    shift_ns = _shifts_ns(slices)[number[inside]]
    mine = samples.rows(inside)
    lost = 0 if samples.sent is None else samples.sent - len(samples.done_ns)
    return replace(
        mine,
        intended_ns=mine.intended_ns + shift_ns,
        sent_ns=mine.sent_ns + shift_ns,
        done_ns=mine.done_ns + shift_ns,
        start_ns=0,
        end_ns=span_ns(slices),
        cpu_s=sum(one.own_cpu_ns * share for one, share in zip(slices, shares(samples, slices), strict=True))
        / 1e9,
        sent=None if samples.sent is None else len(mine.done_ns) + lost,
        by_end=True,
    )


def lay_out_pings(pings: Samples, slices: Sequence[LaneSlice]) -> Samples:
    """The bystander's requests that were due in the windows, on the same timeline."""
    number, inside = _place(pings.intended_ns, slices)
    shift_ns = _shifts_ns(slices)[number[inside]]
    mine = pings.rows(inside)
    return replace(
        mine,
        intended_ns=mine.intended_ns + shift_ns,
        sent_ns=mine.sent_ns + shift_ns,
        done_ns=mine.done_ns + shift_ns,
        start_ns=0,
        end_ns=span_ns(slices),
    )


def shares(samples: Samples, slices: Sequence[LaneSlice]) -> list[float]:
    """Of each burst, the share of its requests that ended in its window."""
    number, inside = _place(samples.done_ns, slices)
    counts = np.bincount(number[inside], minlength=len(slices))
    return [
        min(1.0, count / max(1, one.requests)) for count, one in zip(counts.tolist(), slices, strict=True)
    ]


def columns(samples: Samples, slices: Sequence[LaneSlice], ping_us: float = 0.0) -> LaneSlices:
    """The figures of each slice; throughput counts good answers in the window."""
    number, inside = _place(samples.done_ns, slices)
    good = np.bincount(number[inside & (samples.outcome == OK)], minlength=len(slices)).tolist()
    return LaneSlices(
        rotation=tuple(one.rotation for one in slices),
        requests=tuple(good),
        throughput_rps=tuple(
            round(count / one.span_ns * 1e9, 3) for count, one in zip(good, slices, strict=True)
        ),
        cpu_us_per_request=tuple(_rounded(one.cpu_us(ping_us)) for one in slices),
    )


def snapshots(slices: Sequence[LaneSlice], shares_of: Sequence[float]) -> tuple[Snapshot, ...]:
    """Readings on the timeline of `lay_out`, of what the server used in the windows alone.

    A burst's CPU time and waits count by the share of its requests that ended in the window.
    """
    used: dict[int, Reading] = {}
    at_ns = 0
    first = slices[0].before
    found = [Snapshot(0, tuple(_nothing_used(reading) for reading in first.processes), first.connections)]
    for one, share in zip(slices, shares_of, strict=True):
        before = {reading.pid: reading for reading in one.before.processes}
        at_ns += one.span_ns
        for reading in one.after.processes:
            so_far = used.get(reading.pid, _nothing_used(reading))
            used[reading.pid] = _grown(so_far, before.get(reading.pid, reading), reading, share)
        there = {reading.pid for reading in one.after.processes}
        found.append(Snapshot(at_ns, tuple(used[pid] for pid in used if pid in there)))
    return tuple(found)


def telemetry_in(
    reports: Mapping[int, Sequence[Telemetry]], slices: Sequence[LaneSlice]
) -> dict[int, tuple[Telemetry, ...]]:
    """The reports that workers made in the windows, on the timeline of `lay_out`."""
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


def _grown(so_far: Reading, before: Reading, after: Reading, share: float) -> Reading:
    """A count falls where a thread ended and took its share away; that does not count."""

    def more(name: str) -> int:
        grown = max(0, getattr(after, name) - getattr(before, name))
        return int(getattr(so_far, name) + round(grown * share))

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
    """For each moment the last window that begins before it, and whether it lies in it: (from, until]."""
    begins = np.array([one.window.from_ns for one in slices], np.int64)
    ends = np.array([one.window.until_ns for one in slices], np.int64)
    number = np.searchsorted(begins, at_ns, side="left") - 1
    inside = (number >= 0) & (at_ns <= ends[np.maximum(number, 0)])
    return np.maximum(number, 0).astype(np.int64), inside


def _shifts_ns(slices: Sequence[LaneSlice]) -> NDArray[np.int64]:
    """What moves each window to its place; a nanosecond less, so that its end still belongs to it."""
    begins = np.array([one.window.from_ns for one in slices], np.int64)
    lengths = np.array([one.span_ns for one in slices], np.int64)
    return np.cumsum(lengths) - lengths - begins - 1


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 3)
