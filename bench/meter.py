"""Reads a server from the start to the end of a cell's measured part."""

from __future__ import annotations

import time
from pathlib import Path

from bench import probe
from bench.model import Resources
from bench.readings import Answers, Snapshot
from bench.resources import ProcessTree
from bench.server import Server
from bench.usage import resources

_SNAPSHOT_S = 0.1
_MOST_SNAPSHOTS = 100
_REFRESH_S = 1.0


class Meter:
    """Takes snapshots of a server's processes; `tick` is called often, and takes one when it is time."""

    def __init__(self, server: Server, duration_s: float) -> None:
        self._server = server
        self._every_ns = max(_SNAPSHOT_S * 0.9, duration_s / _MOST_SNAPSHOTS) * 1e9
        self._snapshots: list[Snapshot] = []
        self.workers: tuple[int, ...] = ()
        self._tree = ProcessTree(server.pid, server.cpus, server.port)
        self._measuring = False
        self._refreshed_s = 0.0

    def start(self) -> None:
        self._tree.refresh()
        self._refreshed_s = time.monotonic()
        self.workers = self._tree.workers()
        self._snapshots = [self._tree.snapshot()]
        self._measuring = True

    def tick(self) -> None:
        if not self._measuring or time.monotonic_ns() - self._snapshots[-1].at_ns < self._every_ns:
            return
        if time.monotonic() - self._refreshed_s > _REFRESH_S:
            self._tree.refresh()
            self._refreshed_s = time.monotonic()
        self._snapshots.append(self._tree.snapshot())

    def end(self) -> None:
        self._snapshots.append(self._tree.snapshot())
        self._measuring = False

    def resources(self, answers: dict[int, Answers], answered: int) -> Resources:
        """What the measured part cost: see `usage.resources`."""
        folder = self._server.setup.env.get(probe.PROBE_DIR)
        return resources(
            self._snapshots,
            workers=self.workers,
            answers=answers,
            answered=answered,
            cpus=self._server.cpus,
            pulses=probe.pulses(Path(folder)) if folder else {},
        )
