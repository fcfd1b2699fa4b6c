"""What is read of a server while it is measured: its processes from outside, its workers from inside, its answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.model import Latency


@dataclass(frozen=True, slots=True)
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

    `connections` are those open on the server's port, None where they cannot be told.
    """

    at_ns: int
    processes: tuple[Reading, ...]
    connections: int | None = None


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """What each CPU did since boot, by its number: the time in processes, the idle time, and the steal time.

    `throttled_s` is how long CPU quotas have stopped our control groups.
    """

    at_ns: int
    used_s: tuple[float, ...]
    idle_s: tuple[float, ...]
    steal_s: tuple[float, ...]
    throttled_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a worker's probe says at one moment: the largest of each since it last spoke.

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
    """Good answers of one worker: when they came, ascending or not, and their response times."""

    done_ns: NDArray[np.int64]
    response_ms: Latency
