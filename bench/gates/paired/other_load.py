"""Readings of the CPUs at the beginning and the end of a look: what of them neither the servers nor the gate had."""

from __future__ import annotations

import time
from collections.abc import Collection

from bench.gates.paired.caveats import Conditions
from bench.model.readings import CpuTimes, others_share, steal_share
from bench.observe.process_tree import ProcessTree
from bench.system import cpus


class Watch:
    """Reads the servers' CPUs and the gate's from its making on; `roots` are the servers and services, by pid.

    Readings take some milliseconds: none within a slice. Where nothing is pinned nothing can be told apart, and all
    shares are 0.
    """

    def __init__(self, server: Collection[int], gate: Collection[int], roots: Collection[int]) -> None:
        self._server, self._gate, self._roots = tuple(server), tuple(gate), tuple(roots)
        self._before = self._read()

    def conditions(self) -> Conditions:
        """What was taken since the beginning. Processes that ended meanwhile count as others."""
        (before, theirs_s, own_s), (now, theirs_now_s, own_now_s) = self._before, self._read()
        return Conditions(
            steal_share(before, now, self._server) if self._server else 0.0,
            steal_share(before, now, self._gate) if self._gate else 0.0,
            others_share(before, now, self._server, theirs_now_s - theirs_s),
            others_share(before, now, self._gate, own_now_s - own_s),
        )

    def _read(self) -> tuple[CpuTimes, float, float]:
        """What the CPUs did, and of that the servers and we."""
        trees = [ProcessTree(pid).snapshot() for pid in self._roots]
        theirs_ns = sum(reading.cpu_ns for tree in trees for reading in tree.processes)
        return cpus.times(), theirs_ns / 1e9, time.process_time()
