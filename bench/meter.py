"""Reads a server from the start to the end of a cell's measured part, seldom and cheaply."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from bench import cpus, probe
from bench.model import Resources
from bench.readings import Answers, CpuTimes, Snapshot
from bench.resources import ProcessTree
from bench.server import Server
from bench.usage import resources, steal_share
from bench.workers import MOST_SLICES

_SNAPSHOT_S = 0.25
_MOST_SHARE = 1 / 200
"""Of the time: what snapshots of many threads may take. On two CPUs it is the generator's time."""
_REFRESH_S = 1.0


class Meter:
    """Takes snapshots of a server's processes; `tick` is called often, and takes one when it is time.

    What takes long is done when the meter is made, before the load.
    """

    def __init__(self, server: Server, duration_s: float) -> None:
        self._server = server
        self._every_ns = max(_SNAPSHOT_S, duration_s / MOST_SLICES) * 1e9
        self._tree = ProcessTree(server.pid, server.port)
        self.workers = self._tree.workers()
        self._snapshots: list[Snapshot] = []
        self._times: list[CpuTimes] = []
        self._own_ns: list[int] = []
        self._measuring = False
        self._refreshed_ns = time.monotonic_ns()
        self._next_ns = 0

    def start(self) -> None:
        self._mark()
        self._measuring = True

    def tick(self) -> None:
        now_ns = time.monotonic_ns()
        if not self._measuring or now_ns < self._next_ns:
            return
        if now_ns - self._refreshed_ns > _REFRESH_S * 1e9:
            self._tree.refresh()
            self._refreshed_ns = now_ns
        self._snapshot()

    def end(self) -> None:
        self._mark()
        self._measuring = False

    @property
    def own_cpu_s(self) -> float:
        """CPU time that this process used in the measured part."""
        return (self._own_ns[1] - self._own_ns[0]) / 1e9

    def steal_share(self, of: tuple[int, ...]) -> float:
        """What the hypervisor took of these CPUs in the measured part."""
        return steal_share(self._times[0], self._times[1], of)

    def resources(
        self, answers: Mapping[int, Answers], answered: int, pings: int, ping_cpu_us: float | None
    ) -> Resources:
        """What the measured part cost: see `usage.resources`."""
        folder = self._server.setup.env.get(probe.PROBE_DIR)
        return resources(
            self._snapshots,
            workers=self.workers,
            answers=answers,
            answered=answered,
            cpus=self._server.cpus,
            times=(self._times[0], self._times[1]),
            pulses=probe.pulses(Path(folder)) if folder else {},
            pings=pings,
            ping_cpu_us=ping_cpu_us,
        )

    def _mark(self) -> None:
        self._own_ns.append(time.process_time_ns())
        self._snapshot()
        self._times.append(cpus.times())

    def _snapshot(self) -> None:
        began_ns = time.monotonic_ns()
        self._snapshots.append(self._tree.snapshot())
        took_ns = time.monotonic_ns() - began_ns
        self._next_ns = round(began_ns + max(self._every_ns, took_ns / _MOST_SHARE))
