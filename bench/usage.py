"""Snapshots of a server's process tree -> Resources: what the measured part cost."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from bench.model import Latency, Resources, ResourceSlice
from bench.readings import Answers, Pulse, Snapshot
from bench.workers import chosen, cpu_s, worker


def resources(
    snapshots: Sequence[Snapshot],
    *,
    workers: Sequence[int],
    answers: Mapping[int, Answers],
    answered: int,
    cpus: Sequence[int],
    pulses: Mapping[int, Sequence[Pulse]],
) -> Resources:
    """Sum up at least two snapshots, the first and last of which bound the measured part.

    `answered` is the number of requests answered in it, good or not. A worker's `requests` is None when no answer
    names its worker. `answers` and `pulses` are by the worker's pid.
    """
    first, last = snapshots[0], snapshots[-1]
    span_s = (last.at_ns - first.at_ns) / 1e9
    used_s = sum(cpu_s(snapshots, pid) for pid in _pids(snapshots))
    silent = Answers(np.empty(0, np.int64), Latency()) if answers else None
    return Resources(
        cpu_us_per_request=used_s * 1e6 / answered if answered else None,
        rss_peak_bytes=max(
            sum(reading.rss_bytes for reading in snapshot.processes) for snapshot in snapshots
        ),
        workers=tuple(
            worker(snapshots, pid, answers.get(pid, silent), pulses.get(pid, ()))
            for pid in sorted({*workers, *answers} & _pids(snapshots))
        ),
        cpu_s=used_s,
        cpus=tuple(cpus),
        steal_share=(last.steal_s - first.steal_s) / span_s / max(1, len(cpus)),
        timeline=tuple(
            _slice(before, after, first.at_ns) for before, after in itertools.pairwise(chosen(snapshots))
        ),
        busy_share=_busy_share(first, last, len(cpus)) if cpus else None,
    )


def _busy_share(first: Snapshot, last: Snapshot, cpus: int) -> float | None:
    """The kernel counts idle time in ticks of its own, so a share may come out a little beside its bounds."""
    if first.idle_s is None or last.idle_s is None:
        return None
    idle_share = (last.idle_s - first.idle_s) / cpus / ((last.at_ns - first.at_ns) / 1e9)
    return round(min(max(1 - idle_share, 0.0), 1.0), 3)


def _pids(snapshots: Sequence[Snapshot]) -> set[int]:
    return {reading.pid for snapshot in snapshots for reading in snapshot.processes}


def _slice(before: Snapshot, after: Snapshot, start_ns: int) -> ResourceSlice:
    pair = (before, after)
    used_s = sum(cpu_s(pair, pid) for pid in _pids(pair))
    return ResourceSlice(
        t_s=round((after.at_ns - start_ns) / 1e9, 3),
        cpu_share=round(used_s / ((after.at_ns - before.at_ns) / 1e9), 3),
        rss_bytes=sum(reading.rss_bytes for reading in after.processes),
        threads=sum(reading.threads for reading in after.processes),
        connections=before.connections,
    )
