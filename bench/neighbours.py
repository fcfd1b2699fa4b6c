"""Other processes on our CPUs: how much of them they took while something was measured."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Sequence

import psutil

from bench.processes import Processes
from bench.server import Server


class Neighbours:
    """Watches the CPUs of a server and of its generator, from its making on; blind where they share their CPUs.

    Of our children those that live at that moment are the server's side (it and its services), and all that come
    later the generator's.
    """

    def __init__(self, server: Server, generator_cpus: Sequence[int], processes: Processes) -> None:
        self._server = server
        self._generator_cpus = tuple(generator_cpus)
        self._processes = processes
        self._services = processes.children - {server.pid}
        self._services_before_s = sum(map(_tree_s, self._services))
        self._before = self._read()

    def share(self) -> float:
        """What others took so far of the server's CPUs, or of the generator's if that is more; 1.0 is all of them."""
        now = self._read()
        elapsed_s, servers_s, generators_s = (b - a for a, b in zip(self._before, now, strict=True))
        if set(self._server.cpus) & set(self._generator_cpus):
            return 0.0
        shares = [
            others_s / elapsed_s / len(cpus)
            for others_s, cpus in ((servers_s, self._server.cpus), (generators_s, self._generator_cpus))
            if cpus
        ]
        return max(0.0, *shares, 0.0)

    def services_s(self) -> float:
        """CPU time that our services beside the server (a database, a cache) used so far."""
        return sum(map(_tree_s, self._services)) - self._services_before_s

    def _read(self) -> tuple[float, float, float]:
        """The clock, and of either set of CPUs how long they were busy with what is not ours."""
        ended, mine = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
        ours_s = sum(usage.ru_utime + usage.ru_stime for usage in (ended, mine))
        beside = self._services | {self._server.pid}
        return (
            time.monotonic(),
            _busy_s(self._server.cpus) - sum(map(_tree_s, beside)),
            _busy_s(self._generator_cpus) - ours_s - sum(map(_tree_s, self._processes.children - beside)),
        )


def _busy_s(cpus: Sequence[int]) -> float:
    """Time in processes; that in interrupts is no process's."""
    times = psutil.cpu_times(percpu=True)
    return sum(
        times[cpu].user + getattr(times[cpu], "nice", 0.0) + times[cpu].system
        for cpu in cpus
        if cpu < len(times)
    )


def _tree_s(pid: int) -> float:
    """CPU time of a process and its descendants, with those that ended and were waited for."""
    used_s = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used_s += sum(times[:4])
    return used_s
