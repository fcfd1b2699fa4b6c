"""The pauses inside sessions: clients that wait, and one timer for all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Container
from heapq import heapify, heappop, heappush
from typing import Protocol

from bench.engines.timer import Timer


class Pausing(Protocol):
    """A client that goes on after its pause, and is called with the moment when that was over, in ns of the clock."""

    def go_on(self, due_ns: int) -> None: ...


class Pauses:
    """The clients of a process that pause, and the `count` of pauses; costs nothing until the first of them."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Pausing]] = []
        self._timer: Timer | None = None
        self.count = 0

    def add(self, client: Pausing, due_ns: int) -> None:
        """Call the client's `go_on` at `due_ns`."""
        self.count += 1
        if self._timer is None:
            self._timer = Timer(asyncio.get_running_loop(), self._wake)
        heappush(self._waiting, (due_ns, id(client), client))
        if self._waiting[0][2] is client:
            self._timer.set(due_ns)

    def drop(self, client: Pausing) -> None:
        """Forget a client that is closed; without one that waits the timer ends, too."""
        if self._timer is None:
            return
        self._waiting = [one for one in self._waiting if one[2] is not client]
        heapify(self._waiting)
        if not self._waiting:
            self._timer.close()
            self._timer = None

    def end(self, now_ns: int, some: Container[Pausing] | None = None) -> None:
        """Let all that wait, or only `some`, go on now."""
        ending = [one for one in self._waiting if some is None or one[2] in some]
        self._waiting = [one for one in self._waiting if some is not None and one[2] not in some]
        heapify(self._waiting)
        for _, _, client in ending:
            client.go_on(now_ns)

    def _wake(self) -> None:
        now_ns = time.monotonic_ns()
        for _ in range(len(self._waiting)):  # a pause of no time waits for the next turn of the loop
            if not self._waiting or self._waiting[0][0] > now_ns:
                break
            due_ns, _, client = heappop(self._waiting)
            client.go_on(due_ns)
        if self._waiting and self._timer is not None:
            self._timer.set(self._waiting[0][0])
