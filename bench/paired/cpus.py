"""Readings of the CPUs at the beginning and the end of a look: what of them neither the servers nor the gate had."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import psutil

from bench.paired.audit import Conditions
from bench.resources import cpu_ns


@dataclass(frozen=True, slots=True)
class Reading:
    """At a moment: of some CPUs the time in processes and the time stolen, and the time of our own processes."""

    at_s: float
    busy_s: float
    stolen_s: float
    own_s: float


class Watch:
    """Reads the servers' CPUs and the gate's from its making on; `roots` are the servers and services, by pid.

    Readings take some milliseconds: none within a slice. Where nothing is pinned nothing can be told apart, and all
    shares are 0.
    """

    def __init__(self, cpus: Collection[int], own_cpus: Collection[int], roots: Collection[int]) -> None:
        self._cpus, self._own_cpus, self._roots = tuple(cpus), tuple(own_cpus), roots
        self._before = self._read()

    def conditions(self) -> Conditions:
        """What was taken since the beginning. Processes that ended meanwhile count as others."""
        now = self._read()
        of_server = _shares(self._before[0], now[0], len(self._cpus))
        of_gate = _shares(self._before[1], now[1], len(self._own_cpus))
        return Conditions(of_server.steal, of_gate.steal, of_server.others, of_gate.others)

    def _read(self) -> tuple[Reading, Reading]:
        theirs_s = sum(cpu_ns(pid) for pid in _descendants(self._roots)) / 1e9
        return _reading(self._cpus, theirs_s), _reading(self._own_cpus, time.process_time())


def _reading(cpus: Sequence[int], own_s: float) -> Reading:
    """Time in interrupts is no process's."""
    times = psutil.cpu_times(percpu=True)
    mine = [times[cpu] for cpu in cpus if cpu < len(times)]
    busy_s = sum(one.user + getattr(one, "nice", 0.0) + one.system for one in mine)
    return Reading(time.monotonic(), busy_s, sum(getattr(one, "steal", 0.0) for one in mine), own_s)


class _Taken(NamedTuple):
    steal: float
    others: float


def _shares(before: Reading, after: Reading, count: int) -> _Taken:
    """Of the time of so many CPUs."""
    whole_s = (after.at_s - before.at_s) * count
    if not whole_s:
        return _Taken(0.0, 0.0)
    stolen_s = after.stolen_s - before.stolen_s
    others_s = after.busy_s - before.busy_s - (after.own_s - before.own_s)
    return _Taken(max(0.0, stolen_s / whole_s), max(0.0, others_s / whole_s))


def _descendants(roots: Collection[int]) -> set[int]:
    """These processes and all that come from them, in one walk over the table of processes."""
    children = defaultdict(list)
    for process in psutil.process_iter(["ppid"]):
        children[process.info["ppid"]].append(process.pid)
    found, left = set(), list(roots)
    while left:
        pid = left.pop()
        if pid not in found:
            found.add(pid)
            left += children[pid]
    return found
