"""Reads a server from the start to the end of a cell's measured part: seldom, cheaply, and only when nobody waits.

On two CPUs this happens on the generator's, so what lies between the start and the end is read by a thread that the
kernel lets run when the generator does not want to (SCHED_IDLE, sched(7)).
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import replace

from bench.model.readings import MOST_SLICES, CpuTimes, Snapshot
from bench.observe.process_tree import ProcessTree
from bench.observe.sockets import connections
from bench.system import cpus

_SNAPSHOT_S = 0.25
_MOST_SHARE = 1 / 200
"""Of the time: what snapshots of many threads may take."""
_MOST_COUNTING_SHARE = 1 / 1000
"""Of the time: the kernel counts sockets in one go (262,144 buckets take it 1 ms), and whoever is due waits."""
_REFRESH_S = 1.0


class Meter:
    """Takes snapshots of a server's process tree from `start` to `end`; what takes long is done in its making.

    They are empty where the processes are not known, which a `pid` of None says. Connections are counted of a port,
    not of a Unix `socket`.
    """

    def __init__(self, pid: int | None, port: int, duration_s: float, *, socket: str = "") -> None:
        self._port = port
        self._counts = pid is not None and not socket
        self._every_s = max(_SNAPSHOT_S, duration_s / MOST_SLICES)
        self._tree = ProcessTree(pid)
        self.workers = self._tree.workers(port, socket)
        self._snapshots: list[Snapshot] = []
        self._times: list[CpuTimes] = [cpus.times()]
        self._own_ns: list[int] = []
        self._count_at_s = 0.0
        self._started, self._ended = threading.Event(), threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def start(self) -> None:
        """Raises nothing: a server that is gone reads as nothing."""
        self._own_ns.append(time.process_time_ns())
        self._snapshots.append(self._tree.snapshot())
        self._started.set()

    def end(self) -> None:
        self._own_ns.append(time.process_time_ns())
        self._ended.set()  # first, as no snapshot may come after the last
        last, times = self._tree.snapshot(), cpus.times()
        self._sampler.join()
        self._snapshots.append(last)
        self._times.append(times)

    def close(self) -> None:
        """Let the thread go, where the load did not come to its end."""
        self._ended.set()
        self._started.set()
        self._sampler.join()

    def _sample(self) -> None:
        with contextlib.suppress(AttributeError, OSError):  # not Linux, or not allowed: then like any other
            os.sched_setscheduler(0, os.SCHED_IDLE | os.SCHED_RESET_ON_FORK, os.sched_param(0))
        self._started.wait()
        if self._ended.is_set():  # it never began, or no moment was free until the end
            return
        self._times[0] = cpus.times()
        self._snapshots[0] = self._count_connections(self._snapshots[0])
        wait_s, refreshed_s = self._every_s, time.monotonic()
        while not self._ended.wait(wait_s):
            began_s = time.monotonic()
            if began_s - refreshed_s > _REFRESH_S:
                self._tree.refresh()
                refreshed_s = began_s
            taken = self._count_connections(self._tree.snapshot())
            if not self._ended.is_set():  # else the last one has been taken already
                self._snapshots.append(taken)
            took_s = time.monotonic() - began_s
            wait_s = max(self._every_s - took_s, took_s / _MOST_SHARE)

    def _count_connections(self, taken: Snapshot) -> Snapshot:
        began_s = time.monotonic()
        if not self._counts or began_s < self._count_at_s:
            return taken
        counted = replace(taken, connections=connections(self._port))
        ended_s = time.monotonic()
        self._count_at_s = ended_s + (ended_s - began_s) / _MOST_COUNTING_SHARE
        return counted

    @property
    def own_cpu_s(self) -> float:
        """CPU time that this process used in the measured part."""
        return (self._own_ns[1] - self._own_ns[0]) / 1e9

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """The first and the last of them bound the measured part."""
        return tuple(self._snapshots)

    @property
    def times(self) -> tuple[CpuTimes, CpuTimes]:
        """The times of the CPUs at the start and at the end."""
        return self._times[0], self._times[1]
