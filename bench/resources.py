"""What a server's process tree uses: CPU time, memory, threads and waits, per process, at moments of one clock."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence

import psutil

from bench.readings import Reading, Snapshot
from bench.sockets import connections

_HELPER = "multiprocessing.resource_tracker"


class ProcessTree:
    """A process and its descendants, as they come and go."""

    def __init__(self, pid: int, cpus: Sequence[int] = (), port: int = 0) -> None:
        self._root = psutil.Process(pid)
        self._cpus = tuple(cpus)
        self._port = port
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
        steal_s, idle_s = _times_s(self._cpus)
        opened = connections(self._port) if self._port else None
        return Snapshot(at_ns, readings, steal_s, opened, idle_s)

    def workers(self) -> tuple[int, ...]:
        """The processes that can answer requests: those without children, less the helper of multiprocessing.

        What an app started in a session of its own is no worker, and no child either.
        """
        parent_of: dict[int, int] = {}
        for process in self._members:
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                own_session = os.getsid(process.pid) != os.getsid(self._root.pid)
                if not own_session and not any(_HELPER in word for word in process.cmdline()):
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
            return Reading(
                process.pid,
                cpu_ns(process.pid),
                process.memory_info().rss,
                process.num_threads(),
                *_waits(process.pid),
            )
    except psutil.Error:
        return None


def _waits(pid: int) -> tuple[int, int, int]:
    """Over the threads of a process: run-queue wait in nanoseconds, switches, preemptions; 0 where there is no /proc.

    The files of the process itself, /proc/PID/schedstat and status, count its first thread alone (proc(5)).
    """
    waited_ns = switches = preemptions = 0
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError, ValueError, IndexError):  # threads end while we read
                waited_ns += int(_proc(f"{pid}/task/{task}/schedstat").split()[1])
                *_, chosen, taken = _proc(f"{pid}/task/{task}/status").splitlines()
                switches += int(chosen.split()[1])
                preemptions += int(taken.split()[1])
    return waited_ns, switches, preemptions


def _proc(name: str) -> bytes:
    """A small file of /proc; pathlib takes twice as long, which 40 threads ten times a second would show."""
    file = os.open(f"/proc/{name}", os.O_RDONLY)
    try:
        return os.read(file, 4096)
    finally:
        os.close(file)


def _times_s(cpus: Sequence[int]) -> tuple[float, float]:
    """Of these CPUs (all, when none are named) since boot: time that the hypervisor gave to others, and idle time."""
    times = psutil.cpu_times(percpu=True)
    mine = [times[cpu] for cpu in (cpus or range(len(times))) if cpu < len(times)]
    steal_s = sum(getattr(time, "steal", 0.0) for time in mine)
    return float(steal_s), float(sum(time.idle + getattr(time, "iowait", 0.0) for time in mine))
