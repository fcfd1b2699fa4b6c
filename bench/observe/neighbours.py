"""Other processes on our CPUs: how much of them they took while something was measured."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Collection, Sequence

import psutil

from bench.model.readings import CpuTimes, others_share
from bench.system import cpus
from bench.system.processes import Processes


class Neighbours:
    """Watches the CPUs of some servers and of their generator, from its making on.

    Of our children those that live at that moment are the servers' side (they and their services), and all that come
    later the generator's, to which we ourselves belong where we have no CPU of our own.
    """

    def __init__(
        self,
        server_pids: Collection[int],
        server_cpus: Sequence[int],
        generator_cpus: Sequence[int],
        processes: Processes,
        own_cpus: Sequence[int] | None = None,
    ) -> None:
        self._server_pids = frozenset(server_pids)
        self._server_cpus = frozenset(server_cpus)
        self._generator_cpus = tuple(generator_cpus)
        self._with_us = own_cpus is None or bool(set(own_cpus) & set(generator_cpus))
        self._processes = processes
        self._services = processes.children - self._server_pids
        self._services_before_s = sum(map(tree_cpu_s, self._services))
        self._before = self._read()

    def share(self) -> float:
        """The share of others in the server's CPUs so far, or in the generator's if that is more; 1.0 is all of them.

        Where the two share a CPU, it is what others took of all that either can use.
        """
        before, servers_s, generators_s = self._before
        now, servers_now_s, generators_now_s = self._read()
        sides = [
            (self._server_cpus, servers_now_s - servers_s),
            (self._generator_cpus, generators_now_s - generators_s),
        ]
        return share_of_others((before, now), sides)

    def services_s(self) -> float:
        """CPU time that our services beside the server (a database, a cache) used so far."""
        return sum(map(tree_cpu_s, self._services)) - self._services_before_s

    def _read(self) -> tuple[CpuTimes, float, float]:
        """CPU times, and the CPU seconds of the server's side and of the generator's side."""
        beside = self._services | self._server_pids
        generators_s = sum(map(tree_cpu_s, self._processes.children - beside)) + _ended_children_s()
        return (
            cpus.times(),
            sum(map(tree_cpu_s, beside)),
            generators_s + (_own_s() if self._with_us else 0.0),
        )


def share_of_others(
    times: tuple[CpuTimes, CpuTimes], sides: Sequence[tuple[Collection[int], float]]
) -> float:
    """The share of others in the CPUs of one side, or of the other if that is more; each used so many CPU seconds.

    Where the two share a CPU, it is what others took of all that either can use.
    """
    (server, server_s), (generator, generator_s) = sides
    if set(server) & set(generator):
        return others_share(*times, {*server, *generator}, server_s + generator_s)
    return max(others_share(*times, server, server_s), others_share(*times, generator, generator_s))


def _ended_children_s() -> float:
    """CPU time of the children that ended and were waited for: generators, as a rule."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _own_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def tree_cpu_s(pid: int) -> float:
    """CPU time of a process and its descendants, with those that ended and were waited for."""
    used_s = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used_s += sum(times[:4])
    return used_s
