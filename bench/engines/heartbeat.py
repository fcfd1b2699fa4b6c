"""The generator's watch on itself: how late its event loop runs, how long it waits for a CPU, and what it imports.

A generator that is held up bends the figures of whatever it measures, and in a closed loop nothing else shows it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from array import array

import numpy as np

from bench.model.samples import Stalls

PERIOD_NS = 5_000_000
"""A stall is seen less by up to this; a call costs about 5 us, so that all of them take a thousandth of a core."""


class Heartbeat:
    """Counts from each `start` to its `end`; whoever drives the loop calls `beat` when it is due."""

    def __init__(self) -> None:
        self._late_ns = array("q")
        self._due_ns = 0
        self.measuring = False
        self._modules: frozenset[str] = frozenset()
        self._imported: tuple[str, ...] = ()
        self._waited_ns: int | None = None
        self._run_wait_s: float | None = None

    def start(self) -> None:
        self._modules = frozenset(sys.modules)
        self._waited_ns = _run_wait_ns()
        self.measuring = True

    def beat(self, now_ns: int) -> int:
        """Note how late this call is, and give the moment at which the next one is due."""
        if self.measuring and self._due_ns:
            self._late_ns.append(max(0, now_ns - self._due_ns))
        self._due_ns = now_ns + PERIOD_NS
        return self._due_ns

    def end(self, now_ns: int) -> None:
        """The call that is due by now and has not come is late, too; the next one is the first of a new count."""
        if self._due_ns and self.measuring:
            self.measuring = False
            if now_ns > self._due_ns:
                self._late_ns.append(now_ns - self._due_ns)
            waited_ns = _run_wait_ns()
            if waited_ns is not None and self._waited_ns is not None:
                self._run_wait_s = (self._run_wait_s or 0.0) + (waited_ns - self._waited_ns) / 1e9
            self._due_ns = 0
            self._imported += tuple(name for name in sys.modules if name not in self._modules)

    @property
    def stalls(self) -> Stalls:
        return Stalls(np.array(self._late_ns, np.int64), self._run_wait_s, self._imported)


def _run_wait_ns() -> int | None:
    """Nanoseconds that this thread has waited for a CPU since it began; None without /proc."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        try:
            return int(os.read(file, 100).split()[1])
        finally:
            os.close(file)
    return None
