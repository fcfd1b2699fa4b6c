"""What a server's process tree uses: CPU time, memory and threads, per process, at moments of one clock."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence

import psutil

from bench.usage import Reading, Snapshot

_HELPER = "multiprocessing.resource_tracker"


class ProcessTree:
    """A process and its descendants, as they come and go."""

    def __init__(self, pid: int, cpus: Sequence[int] = ()) -> None:
        self._root = psutil.Process(pid)
        self._cpus = tuple(cpus)
        self._members: list[psutil.Process] = []
        self.refresh()

    def refresh(self) -> None:
        """Look for processes that were started or ended since."""
        try:
            self._members = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            self._members = []

    def snapshot(self) -> Snapshot:
        """Read every process that is still there."""
        at_ns = time.monotonic_ns()
        readings = tuple(reading for process in self._members if (reading := _read(process)) is not None)
        return Snapshot(at_ns, readings, _steal_s(self._cpus))

    def workers(self) -> tuple[int, ...]:
        """The processes that can answer requests: those without children, less the helper of multiprocessing."""
        parent_of: dict[int, int] = {}
        for process in self._members:
            with contextlib.suppress(psutil.Error):
                if not any(_HELPER in word for word in process.cmdline()):
                    parent_of[process.pid] = process.ppid()
        parents = set(parent_of.values())
        return tuple(pid for pid in parent_of if pid not in parents)


def cpu_ns(pid: int) -> int:
    """CPU time of a process at nanosecond resolution (the clock that clock_getcpuclockid(3) names); 0 if it is gone."""
    if sys.platform == "linux":
        try:
            return time.clock_gettime_ns((~pid << 3) | 2)
        except OSError:
            return 0
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0
    return int((times.user + times.system) * 1e9)


def _read(process: psutil.Process) -> Reading | None:
    try:
        with process.oneshot():
            return Reading(process.pid, cpu_ns(process.pid), process.memory_info().rss, process.num_threads())
    except psutil.Error:
        return None


def _steal_s(cpus: Sequence[int]) -> float:
    """Time that the hypervisor gave to others while these CPUs (all, when none are named) had work to do."""
    times = psutil.cpu_times(percpu=True)
    return float(
        sum(getattr(times[cpu], "steal", 0.0) for cpu in (cpus or range(len(times))) if cpu < len(times))
    )
