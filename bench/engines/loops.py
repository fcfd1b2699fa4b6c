"""Decides when sessions start: a closed loop of users, or an open loop of arrivals."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from random import Random

import numpy as np
from numpy.typing import NDArray

from bench.engines.backoff import pause_ns
from bench.engines.common import Common
from bench.engines.connection import Client, clock_ns
from bench.engines.pace import make_client
from bench.engines.timer import Timer
from bench.model.plan import ClosedLoad, OpenLoad
from bench.plan.schedule import arrival_chunks_ns, user_spans_s

# Connections that are open before they are needed: to accept a crowd of new ones would lengthen a server's stall.
_AHEAD = 8
_AHEAD_S = 0.2


class ClosedLoop:
    """Each user's next session starts when its last one ends, or a while after, for as long as the user is there."""

    shed = 0

    def __init__(self, common: Common, load: ClosedLoad, rngs: Callable[[], Random], begin_ns: int) -> None:
        self._common = common
        self._think_ns = load.think_s * 1e9
        self._rng = rngs()
        self._waiting: list[tuple[int, int, Client]] = []
        self._timer: Timer
        self.clients = []
        for begin_s, end_s in user_spans_s(load)[common.job.part :: common.job.parts]:
            client = make_client(common, rngs(), self._ended, repeats=not self._think_ns)
            client.until_ns = begin_ns + int(end_s * 1e9)
            self.clients.append(client)
            self._wait(begin_ns + int(begin_s * 1e9), client)

    def begin(self) -> None:
        self._timer = Timer(asyncio.get_running_loop(), self._go_on)
        self._go_on()

    def _ended(self, client: Client, done_ns: int, connected: bool) -> None:
        if done_ns >= client.until_ns or self._common.broken:
            return
        if not connected:
            self._start_at(clock_ns() + pause_ns(client.setbacks, self._rng), client)
        elif self._think_ns:
            self._start_at(done_ns + int(self._rng.expovariate(1.0) * self._think_ns), client)
        else:
            client.start(done_ns)

    def _start_at(self, due_ns: int, client: Client) -> None:
        self._wait(due_ns, client)
        if self._waiting[0][2] is client:
            self._timer.set(due_ns)

    def _wait(self, due_ns: int, client: Client) -> None:
        heappush(self._waiting, (due_ns, id(client), client))

    def _go_on(self) -> None:
        waiting, now_ns = self._waiting, clock_ns()
        while waiting and waiting[0][0] <= now_ns:
            due_ns, _, client = heappop(waiting)
            if due_ns < client.until_ns and not self._common.broken:
                client.start(due_ns)
        if waiting:
            self._timer.set(waiting[0][0])


class OpenLoop:
    """Sessions start when they are due, over an idle connection or a new one; none is free: the session is shed."""

    def __init__(
        self, common: Common, load: OpenLoad, rngs: Callable[[], Random], begin_ns: int, start_ns: int
    ) -> None:
        job = common.job
        self._common = common
        self._most = max(1, len(range(job.part, load.max_sessions, job.parts)))
        self._rngs = rngs
        self._rng = rngs()
        self._start_ns = start_ns
        self._later_ns = _mine(arrival_chunks_ns(load, job.seed), job.part, job.parts)
        self._begin_ns = begin_ns
        self._due_ns: deque[int] = deque()
        self.shed = 0
        ahead = min(self._most, max(_AHEAD, math.ceil(_AHEAD_S * load.arrivals_per_s / job.parts)))
        self.clients = [self._client() for _ in range(ahead)]
        self._idle = deque(self.clients)
        self._timer: Timer

    def begin(self) -> None:
        for client in self.clients:
            client.connect()
        self._timer = Timer(asyncio.get_running_loop(), self._arrive)
        self._arrive()

    def _client(self) -> Client:
        return make_client(self._common, self._rngs(), self._ended)

    def _ended(self, client: Client, done_ns: int, connected: bool) -> None:
        if connected:
            self._idle.append(client)
        else:  # what is due meanwhile takes another client, or is shed
            rest_s = pause_ns(client.setbacks, self._rng) / 1e9
            asyncio.get_running_loop().call_later(rest_s, self._idle.append, client)

    def _next_ns(self) -> int | None:
        """The next arrival, if there is one."""
        while not self._due_ns:
            chunk = next(self._later_ns, None)
            if chunk is None:
                return None
            self._due_ns.extend((chunk + self._begin_ns).tolist())
        return self._due_ns[0]

    def _arrive(self) -> None:
        now_ns = clock_ns()
        while (due_ns := self._next_ns()) is not None and due_ns <= now_ns:
            self._due_ns.popleft()
            self._start(due_ns)
        if due_ns is not None and not self._common.broken:
            self._timer.set(due_ns)

    def _start(self, intended_ns: int) -> None:
        if self._idle:
            # The one used last: its connection is the least likely to be stale.
            self._idle.pop().start(intended_ns)
        elif len(self.clients) < self._most:
            client = self._client()
            self.clients.append(client)
            client.start(intended_ns)
        elif intended_ns >= self._start_ns:
            self.shed += 1


def _mine(chunks: Iterable[NDArray[np.int64]], part: int, parts: int) -> Iterator[NDArray[np.int64]]:
    """Of all arrivals every `parts`-th, from number `part` on."""
    skip = part
    for chunk in chunks:
        yield chunk[skip::parts]
        skip = (skip - len(chunk)) % parts
