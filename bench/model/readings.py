"""Readings of a server while it is measured: its processes from outside, its workers from inside, its answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.model.record import Latency

MOST_SLICES = 25
"""Of a timeline of readings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One process at one moment.

    `cpu_ns` is user and system time since its start. Of the threads it has now: `run_wait_ns`, the time that they were
    ready to run and had no CPU; `switches`, how often they gave the CPU up to wait; `preemptions`, how often it was
    taken from them.
    """

    pid: int
    cpu_ns: int
    rss_bytes: int
    threads: int
    run_wait_ns: int = 0
    switches: int = 0
    preemptions: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A process tree at one moment of CLOCK_MONOTONIC.

    `connections` are those open on the server's port, None where they cannot be counted.
    """

    at_ns: int
    processes: tuple[Reading, ...]
    connections: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuTimes:
    """The times of each CPU since boot, by its number: in processes, idle, and stolen.

    `throttled_s` is how long CPU quotas have stopped our control groups.
    """

    at_ns: int
    used_s: tuple[float, ...]
    idle_s: tuple[float, ...]
    steal_s: tuple[float, ...]
    throttled_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """A worker's report from inside: the largest of each figure since its last report.

    `tokens` and `pool` are the limits of its thread pool and of its database pool; `collections` of each generation
    and the time `gc_ms` they took count from the worker's start.
    """

    at_ns: int
    loop_lag_ms: float
    tokens: int
    tokens_busy: int
    tokens_waiting: int
    pool: int
    pool_busy: int
    pool_waiting: int
    collections: tuple[int, int, int]
    gc_ms: float
    gc_pause_ms: float


@dataclass(frozen=True, slots=True)
class Answers:
    """Good answers of one worker: how many came at which moments, ascending or not, and their response times."""

    done_ns: NDArray[np.int64]
    counts: NDArray[np.int64]
    response_ms: Latency


def steal_share(before: CpuTimes, after: CpuTimes, cpus: Sequence[int]) -> float:
    """The share of these CPUs' time, or of all where none are named, that the hypervisor gave to others."""
    return _mean_share(before.steal_s, after.steal_s, before, after, cpus)


def others_share(before: CpuTimes, after: CpuTimes, cpus: Collection[int], ours_s: float) -> float:
    """The share of these CPUs' time in processes that are not ours, which used so much; 0 where none are named.

    Time in interrupts belongs to no process.
    """
    if not cpus:
        return 0.0
    there = [cpu for cpu in cpus if cpu < len(after.used_s)]
    own = ours_s / max(1, len(there)) / ((after.at_ns - before.at_ns) / 1e9)
    return max(0.0, _mean_share(before.used_s, after.used_s, before, after, there) - own) if there else 0.0


def _mean_share(
    old: Sequence[float], new: Sequence[float], before: CpuTimes, after: CpuTimes, cpus: Sequence[int]
) -> float:
    mine = [cpu for cpu in (cpus or range(len(old))) if cpu < len(old)]
    grown_s = sum(new[cpu] - old[cpu] for cpu in mine)
    return grown_s / max(1, len(mine)) / ((after.at_ns - before.at_ns) / 1e9)


def busy_share(before: CpuTimes, after: CpuTimes, cpus: Sequence[int]) -> float:
    """The share of their time in which these CPUs worked.

    The kernel counts idle time in ticks of its own, so a share may come out a little outside its bounds.
    """
    idle_share = _mean_share(before.idle_s, after.idle_s, before, after, cpus)
    return round(min(max(1 - idle_share, 0.0), 1.0), 3)
