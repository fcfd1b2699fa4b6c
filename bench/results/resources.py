"""Snapshots of a server's process tree -> Resources: what the measured part cost."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from bench.model.readings import Answers, CpuTimes, Snapshot, Telemetry, busy_share, steal_share
from bench.model.record import Latency, Resources, ResourceSlice
from bench.results.workers import cpu_s, slice_bounds, worker

_SILENT = Answers(np.empty(0, np.int64), np.empty(0, np.int64), Latency())
"""Of a worker that answered nothing while others did."""


def resources(
    snapshots: Sequence[Snapshot],
    *,
    workers: Sequence[int],
    answers: Mapping[int, Answers],
    answered: int,
    cpus: Sequence[int],
    times: tuple[CpuTimes, CpuTimes],
    telemetry: Mapping[int, Sequence[Telemetry]],
    pings: int = 0,
    ping_cpu_us: float | None = None,
    others_share: float = 0.0,
    services_cpu_s: float = 0.0,
    shared: Literal["", "core", "cpu"] = "",
) -> Resources:
    """Sum up at least two snapshots, the first and last of which bound the measured part, as the two `times` do.

    `answered` counts the requests answered in it, good or not, without the `pings` of the bystander. `answers` and
    `telemetry` are by the worker's pid; where no answer names a worker, its `requests` is None. Other names are those
    of `Resources`. Where no process was ever seen, nothing is known.
    """
    used_s = _cpu_s(snapshots)
    return Resources(
        cpu_us_per_request=_cpu_us((used_s or 0.0) * 1e6, answered, pings, ping_cpu_us),
        rss_peak_bytes=_rss_peak_bytes(snapshots),
        workers=tuple(
            worker(snapshots, pid, answers.get(pid, _SILENT if answers else None), telemetry.get(pid, ()))
            for pid in sorted({*workers, *answers} & _pids(snapshots))
        ),
        cpu_s=used_s,
        cpus=tuple(cpus),
        steal_share=steal_share(*times, cpus),
        timeline=_timeline(snapshots),
        busy_share=busy_share(*times, cpus) if cpus else None,
        others_share=others_share,
        services_cpu_s=services_cpu_s,
        ping_cpu_us=ping_cpu_us,
        shared=shared,
        throttled_s=max(0.0, times[1].throttled_s - times[0].throttled_s),
    )


def _cpu_s(snapshots: Sequence[Snapshot]) -> float | None:
    pids = _pids(snapshots)
    return sum(cpu_s(snapshots, pid) for pid in pids) if pids else None


def _rss_peak_bytes(snapshots: Sequence[Snapshot]) -> int | None:
    return max(map(_rss_bytes, snapshots)) if _pids(snapshots) else None


def _cpu_us(used_us: float, answered: int, pings: int, ping_us: float | None) -> float | None:
    """Microseconds per request without the pings; None where their part is unknown, or is most of it.

    Alone a ping takes longer than next to a load: where pings are most of what was used, nothing sure is left.
    """
    if not answered or not used_us or (pings and ping_us is None):
        return None
    left_us = used_us - pings * (ping_us or 0.0)
    return left_us / answered if not pings or left_us > used_us / 2 else None


def _pids(snapshots: Sequence[Snapshot]) -> set[int]:
    return {reading.pid for snapshot in snapshots for reading in snapshot.processes}


def _rss_bytes(snapshot: Snapshot) -> int:
    return sum(reading.rss_bytes for reading in snapshot.processes)


def _timeline(snapshots: Sequence[Snapshot]) -> tuple[ResourceSlice, ...]:
    if not _pids(snapshots):
        return ()
    pairs = itertools.pairwise(slice_bounds(snapshots))
    return tuple(_slice(before, after, snapshots[0].at_ns) for before, after in pairs)


def _slice(before: Snapshot, after: Snapshot, start_ns: int) -> ResourceSlice:
    pair = (before, after)
    used_s = sum(cpu_s(pair, pid) for pid in _pids(pair))
    return ResourceSlice(
        t_s=round((after.at_ns - start_ns) / 1e9, 3),
        cpu_share=round(used_s / ((after.at_ns - before.at_ns) / 1e9), 3),
        rss_bytes=_rss_bytes(after),
        threads=sum(reading.threads for reading in after.processes),
        connections=before.connections,
    )
