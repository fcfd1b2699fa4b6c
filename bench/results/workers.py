"""Readings, telemetry and answers of a worker -> a Worker, on the timeline of the measured part."""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bench.model.readings import MOST_SLICES, Answers, Reading, Snapshot, Telemetry
from bench.model.record import Worker, WorkerTimeline


def worker(
    snapshots: Sequence[Snapshot], pid: int, answers: Answers | None, telemetry: Sequence[Telemetry]
) -> Worker:
    """One process of the server between the first and the last snapshot; `answers` is None where none can tell.

    The telemetry is in order, and may reach beyond the snapshots on either side.
    """
    mine = [reading for snapshot in snapshots for reading in snapshot.processes if reading.pid == pid]
    start_ns, end_ns = snapshots[0].at_ns, snapshots[-1].at_ns
    inside = [report for report in telemetry if start_ns < report.at_ns <= end_ns]
    before = [report for report in telemetry if report.at_ns <= start_ns]
    first, last = ([*before[-1:], *inside][0], inside[-1]) if inside else (None, None)
    return Worker(
        pid=pid,
        requests=None if answers is None else int(answers.counts.sum()),
        cpu_s=cpu_s(snapshots, pid),
        rss_peak_bytes=max(reading.rss_bytes for reading in mine),
        threads_peak=max(reading.threads for reading in mine),
        run_wait_s=round(_growth(snapshots, pid, lambda reading: reading.run_wait_ns) / 1e9, 4),
        switches=_growth(snapshots, pid, lambda reading: reading.switches),
        preemptions=_growth(snapshots, pid, lambda reading: reading.preemptions),
        response_ms=None if answers is None else answers.response_ms,
        tokens=last.tokens if last else None,
        pool=last.pool if last else None,
        collections=(
            tuple(b - a for a, b in zip(first.collections, last.collections, strict=True))
            if first and last
            else ()
        ),
        gc_ms=round(last.gc_ms - first.gc_ms, 3) if first and last else None,
        timeline=_timeline(slice_bounds(snapshots), pid, answers, telemetry),
    )


def cpu_s(snapshots: Sequence[Snapshot], pid: int) -> float:
    """CPU seconds of one process between its first and last reading; from 0 if it was born in between."""
    mine = [reading for snapshot in snapshots for reading in snapshot.processes if reading.pid == pid]
    born = all(reading.pid != pid for reading in snapshots[0].processes)
    return (mine[-1].cpu_ns - (0 if born else mine[0].cpu_ns)) / 1e9 if mine else 0.0


def imbalance(amounts: Sequence[float]) -> float | None:
    """The imbalance index: the largest amount over the mean, so 1 when all are alike and n when one of n has it all."""
    total = sum(amounts)
    return max(amounts) * len(amounts) / total if total > 0 else None


def slice_bounds(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """The snapshots that bound the slices of a timeline: at most 26, evenly, the first and the last among them.

    The last one comes when the measured part ends, however soon after another; a sliver joins the slice before it.
    """
    step = math.ceil((len(snapshots) - 1) / MOST_SLICES)
    found = [*snapshots[:-1:step], snapshots[-1]]
    gaps = [after.at_ns - before.at_ns for before, after in itertools.pairwise(found)]
    if len(gaps) > 1 and gaps[-1] < statistics.median(gaps) / 2:
        del found[-2]
    return found


def _growth(snapshots: Sequence[Snapshot], pid: int, of: Callable[[Reading], int]) -> int:
    """The growth of a count over a process's threads; a thread that ends takes its share away, which does not count."""
    return sum(
        max(of(after) - of(before), 0)
        for pair in itertools.pairwise(snapshots)
        for before, after in [_both(*pair, pid)]
        if before and after
    )


def _both(before: Snapshot, after: Snapshot, pid: int) -> tuple[Reading | None, Reading | None]:
    first, last = (
        next((reading for reading in snapshot.processes if reading.pid == pid), None)
        for snapshot in (before, after)
    )
    return first, last


def _timeline(
    bounds: Sequence[Snapshot], pid: int, answers: Answers | None, telemetry: Sequence[Telemetry]
) -> WorkerTimeline:
    pairs = list(itertools.pairwise(bounds))
    lengths_s = [(after.at_ns - before.at_ns) / 1e9 for before, after in pairs]
    last = [_both(*pair, pid)[1] for pair in pairs]

    def per_s(amounts: Iterable[float], digits: int | None = None) -> tuple[float, ...]:
        return tuple(
            round(amount / length_s, digits) for amount, length_s in zip(amounts, lengths_s, strict=True)
        )

    def growth(of: Callable[[Reading], int]) -> list[int]:
        return [_growth(pair, pid, of) for pair in pairs]

    edges_ns = [snapshot.at_ns for snapshot in bounds]
    reports = [_reports_in(telemetry, *edge) for edge in itertools.pairwise(edges_ns)]

    def largest(of: Callable[[Telemetry], float]) -> tuple[float | None, ...]:
        if not any(reports):
            return ()
        return tuple(max(map(of, some), default=None) for some in reports)

    return WorkerTimeline(
        t_s=tuple(round((at_ns - edges_ns[0]) / 1e9, 3) for at_ns in edges_ns[1:]),
        cpu_share=per_s((cpu_s(pair, pid) for pair in pairs), 3),
        run_wait_share=per_s((ns / 1e9 for ns in growth(lambda reading: reading.run_wait_ns)), 3),
        rss_bytes=tuple(reading.rss_bytes if reading else 0 for reading in last),
        threads=tuple(reading.threads if reading else 0 for reading in last),
        switches_per_s=per_s(growth(lambda reading: reading.switches)),
        preemptions_per_s=per_s(growth(lambda reading: reading.preemptions)),
        throughput_rps=per_s(_count_in(answers, edges_ns), 1) if answers else (),
        loop_lag_ms=largest(lambda report: round(report.loop_lag_ms, 1)),
        tokens_busy=largest(lambda report: report.tokens_busy),
        tokens_waiting=largest(lambda report: report.tokens_waiting),
        pool_busy=largest(lambda report: report.pool_busy),
        pool_waiting=largest(lambda report: report.pool_waiting),
        gc_pause_ms=largest(lambda report: round(report.gc_pause_ms, 2)),
    )


def _count_in(answers: Answers, edges_ns: Sequence[int]) -> list[int]:
    counts: list[int] = np.histogram(answers.done_ns, edges_ns, weights=answers.counts)[0].tolist()
    return counts


def _reports_in(telemetry: Sequence[Telemetry], after_ns: int, to_ns: int) -> Sequence[Telemetry]:
    """The telemetry of a slice; where a blocked loop reported nothing, the next report counts for it."""
    first = bisect.bisect_right(telemetry, after_ns, key=lambda report: report.at_ns)
    last = bisect.bisect_right(telemetry, to_ns, key=lambda report: report.at_ns)
    return telemetry[first : max(last, first + 1)]
