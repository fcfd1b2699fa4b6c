"""Snapshots of a server's process tree -> Resources: what the measured part cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.model import Resources, ResourceSlice, Worker


@dataclass(frozen=True, slots=True)
class Reading:
    """One process at one moment; `cpu_ns` is user and system time since its start."""

    pid: int
    cpu_ns: int
    rss_bytes: int
    threads: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A process tree at one moment of CLOCK_MONOTONIC, with the steal time of its CPUs in seconds since boot."""

    at_ns: int
    processes: tuple[Reading, ...]
    steal_s: float


def resources(
    snapshots: Sequence[Snapshot],
    *,
    workers: Sequence[int],
    requests_by_worker: Mapping[int, int],
    answered: int,
    cpus: Sequence[int],
) -> Resources:
    """Sum up at least two snapshots, the first and last of which bound the measured part.

    `answered` is the number of requests answered in it, good or not. A worker's `requests` is None when no answer
    names its worker.
    """
    first, last = snapshots[0], snapshots[-1]
    span_s = (last.at_ns - first.at_ns) / 1e9
    cpu_s = sum(_cpu_s(snapshots, pid) for pid in _pids(snapshots))
    return Resources(
        cpu_us_per_request=cpu_s * 1e6 / answered if answered else None,
        rss_peak_bytes=max(
            sum(reading.rss_bytes for reading in snapshot.processes) for snapshot in snapshots
        ),
        workers=tuple(
            _worker(snapshots, pid, requests_by_worker)
            for pid in sorted({*workers, *requests_by_worker} & _pids(snapshots))
        ),
        cpu_s=cpu_s,
        cpus=tuple(cpus),
        steal_share=(last.steal_s - first.steal_s) / span_s / max(1, len(cpus)),
        timeline=tuple(
            _slice(snapshots[index - 1 : index + 1], first.at_ns) for index in range(1, len(snapshots))
        ),
    )


def _pids(snapshots: Sequence[Snapshot]) -> set[int]:
    return {reading.pid for snapshot in snapshots for reading in snapshot.processes}


def _readings(snapshots: Sequence[Snapshot], pid: int) -> list[Reading]:
    return [reading for snapshot in snapshots for reading in snapshot.processes if reading.pid == pid]


def _cpu_s(snapshots: Sequence[Snapshot], pid: int) -> float:
    """CPU seconds of one process between its first and last reading; from 0 if it was born in between."""
    mine = _readings(snapshots, pid)
    born = all(reading.pid != pid for reading in snapshots[0].processes)
    return (mine[-1].cpu_ns - (0 if born else mine[0].cpu_ns)) / 1e9 if mine else 0.0


def _worker(snapshots: Sequence[Snapshot], pid: int, requests: Mapping[int, int]) -> Worker:
    mine = _readings(snapshots, pid)
    return Worker(
        pid,
        requests.get(pid, 0) if requests else None,
        _cpu_s(snapshots, pid),
        max(reading.rss_bytes for reading in mine),
        max(reading.threads for reading in mine),
    )


def _slice(pair: Sequence[Snapshot], start_ns: int) -> ResourceSlice:
    before, after = pair
    cpu_s = sum(_cpu_s(pair, pid) for pid in _pids(pair))
    return ResourceSlice(
        t_s=round((after.at_ns - start_ns) / 1e9, 4),
        cpu_share=cpu_s / ((after.at_ns - before.at_ns) / 1e9),
        rss_bytes=sum(reading.rss_bytes for reading in after.processes),
        threads=sum(reading.threads for reading in after.processes),
    )
