"""CPU time that neither the servers nor the gate had during a look, read at its beginning and its end."""

from __future__ import annotations

import time
from collections.abc import Collection

from bench.gates.paired.caveats import Conditions
from bench.model.readings import CpuTimes, others_share, steal_share
from bench.observe.process_tree import ProcessTree
from bench.system import cpus


class CpuWatch:
    """Reads the CPUs `server` and `gate` when it is made and at `conditions`; `roots` are pids of servers and services.

    A reading takes some milliseconds, so none takes place within a slice. Where processes are not pinned, nothing can
    be attributed and all shares are 0.
    """

    def __init__(self, server: Collection[int], gate: Collection[int], roots: Collection[int]) -> None:
        self._server, self._gate, self._roots = tuple(server), tuple(gate), tuple(roots)
        self._start = self._read()

    def conditions(self) -> Conditions:
        """The shares since the beginning. Processes that ended meanwhile count as others."""
        (then, theirs_then_s, own_then_s), (now, theirs_s, own_s) = self._start, self._read()
        return Conditions(
            steal_share(then, now, self._server) if self._server else 0.0,
            steal_share(then, now, self._gate) if self._gate else 0.0,
            others_share(then, now, self._server, theirs_s - theirs_then_s),
            others_share(then, now, self._gate, own_s - own_then_s),
        )

    def _read(self) -> tuple[CpuTimes, float, float]:
        """The times of all CPUs, and the CPU time of the servers and of the gate."""
        trees = [ProcessTree(pid).snapshot() for pid in self._roots]
        theirs_ns = sum(reading.cpu_ns for tree in trees for reading in tree.processes)
        return cpus.times(), theirs_ns / 1e9, time.process_time()
