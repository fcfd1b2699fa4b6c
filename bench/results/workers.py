"""Readings of a worker, what its probe said and what it answered -> a Worker, on the timeline of the measured part."""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bench.model.readings import MOST_SLICES, Answers, Pulse, Reading, Snapshot
from bench.model.record import Worker, WorkerTimeline


def worker(
    snapshots: Sequence[Snapshot], pid: int, answers: Answers | None, pulses: Sequence[Pulse]
) -> Worker:
    """One process of the server between the first and the last snapshot; `answers` is None where none can tell.

    The pulses are in order, and may reach beyond the snapshots on either side.
    """
    mine = [reading for snapshot in snapshots for reading in snapshot.processes if reading.pid == pid]
    start_ns, end_ns = snapshots[0].at_ns, snapshots[-1].at_ns
    inside = [pulse for pulse in pulses if start_ns < pulse.at_ns <= end_ns]
    before = [pulse for pulse in pulses if pulse.at_ns <= start_ns]
    first, last = ([*before[-1:], *inside][0], inside[-1]) if inside else (None, None)
    return Worker(
        pid=pid,
        requests=None if answers is None else len(answers.done_ns),
        cpu_s=cpu_s(snapshots, pid),
        rss_peak_bytes=max(reading.rss_bytes for reading in mine),
        threads_peak=max(reading.threads for reading in mine),
        run_wait_s=round(_grown(snapshots, pid, lambda reading: reading.run_wait_ns) / 1e9, 4),
        switches=_grown(snapshots, pid, lambda reading: reading.switches),
        preemptions=_grown(snapshots, pid, lambda reading: reading.preemptions),
        response_ms=None if answers is None else answers.response_ms,
        tokens=last.tokens if last else None,
        pool=last.pool if last else None,
        collections=(
            tuple(b - a for a, b in zip(first.collections, last.collections, strict=True))
            if first and last
            else ()
        ),
        gc_ms=round(last.gc_ms - first.gc_ms, 3) if first and last else None,
        timeline=_timeline(chosen(snapshots), pid, answers, pulses),
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


def chosen(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """The snapshots that bound the slices of a timeline: at most 26, evenly, the first and the last among them.

    The last one comes when the measured part ends, however soon after another; a sliver joins the slice before it.
    """
    step = math.ceil((len(snapshots) - 1) / MOST_SLICES)
    found = [*snapshots[:-1:step], snapshots[-1]]
    gaps = [after.at_ns - before.at_ns for before, after in itertools.pairwise(found)]
    if len(gaps) > 1 and gaps[-1] < statistics.median(gaps) / 2:
        del found[-2]
    return found


def _grown(snapshots: Sequence[Snapshot], pid: int, of: Callable[[Reading], int]) -> int:
    """By how much a count over a process's threads grew; a thread that ends takes its share away, which is no loss."""
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
    bounds: Sequence[Snapshot], pid: int, answers: Answers | None, pulses: Sequence[Pulse]
) -> WorkerTimeline:
    pairs = list(itertools.pairwise(bounds))
    lengths_s = [(after.at_ns - before.at_ns) / 1e9 for before, after in pairs]
    last = [_both(*pair, pid)[1] for pair in pairs]

    def per_s(amounts: Iterable[float], digits: int | None = None) -> tuple[float, ...]:
        return tuple(
            round(amount / length_s, digits) for amount, length_s in zip(amounts, lengths_s, strict=True)
        )

    def grown(of: Callable[[Reading], int]) -> list[int]:
        return [_grown(pair, pid, of) for pair in pairs]

    edges_ns = [snapshot.at_ns for snapshot in bounds]
    spoken = [_spoken(pulses, *edge) for edge in itertools.pairwise(edges_ns)]

    def largest(of: Callable[[Pulse], float]) -> tuple[float | None, ...]:
        if not any(spoken):
            return ()
        return tuple(max(map(of, said), default=None) for said in spoken)

    return WorkerTimeline(
        t_s=tuple(round((at_ns - edges_ns[0]) / 1e9, 3) for at_ns in edges_ns[1:]),
        cpu_share=per_s((cpu_s(pair, pid) for pair in pairs), 3),
        run_wait_share=per_s(
            (waited_ns / 1e9 for waited_ns in grown(lambda reading: reading.run_wait_ns)), 3
        ),
        rss_bytes=tuple(reading.rss_bytes if reading else 0 for reading in last),
        threads=tuple(reading.threads if reading else 0 for reading in last),
        switches_per_s=per_s(grown(lambda reading: reading.switches)),
        preemptions_per_s=per_s(grown(lambda reading: reading.preemptions)),
        throughput_rps=per_s(np.histogram(answers.done_ns, edges_ns)[0].tolist(), 1) if answers else (),
        loop_lag_ms=largest(lambda pulse: round(pulse.loop_lag_ms, 1)),
        tokens_busy=largest(lambda pulse: pulse.tokens_busy),
        tokens_waiting=largest(lambda pulse: pulse.tokens_waiting),
        pool_busy=largest(lambda pulse: pulse.pool_busy),
        pool_waiting=largest(lambda pulse: pulse.pool_waiting),
        gc_pause_ms=largest(lambda pulse: round(pulse.gc_pause_ms, 2)),
    )


def _spoken(pulses: Sequence[Pulse], after_ns: int, to_ns: int) -> Sequence[Pulse]:
    """The pulses of a slice; where a blocked loop kept silent, the next one speaks for it."""
    first = bisect.bisect_right(pulses, after_ns, key=lambda pulse: pulse.at_ns)
    last = bisect.bisect_right(pulses, to_ns, key=lambda pulse: pulse.at_ns)
    return pulses[first : max(last, first + 1)]
