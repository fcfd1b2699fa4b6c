"""What decides when sessions start: a closed loop of users, or an open loop of arrivals."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from random import Random

from bench.engines.connection import Client, Common, clock_ns
from bench.engines.timer import Timer
from bench.model import ClosedLoad, OpenLoad
from bench.schedule import arrivals_ns

_RETRY_S = 0.05


class ClosedLoop:
    """`users` sessions at all times: the next one starts when the last one ends."""

    shed = 0

    def __init__(self, common: Common, load: ClosedLoad, rngs: Callable[[], Random]) -> None:
        self._common = common
        self.clients = [Client(common, rngs(), self._ended) for _ in range(load.users)]

    def begin(self) -> None:
        for client in self.clients:
            client.start(clock_ns())

    def _ended(self, client: Client, done_ns: int, connected: bool) -> None:
        if done_ns >= self._common.end_ns or self._common.broken:
            return
        if connected:
            client.start(done_ns)
        else:  # a server that refuses is not to be asked as fast as this process can spin
            asyncio.get_running_loop().call_later(_RETRY_S, self._retry, client)

    def _retry(self, client: Client) -> None:
        if clock_ns() < self._common.end_ns:
            client.start(clock_ns())


class OpenLoop:
    """Sessions start when they are due, over an idle connection or a new one; none is free: the session is shed."""

    def __init__(
        self, common: Common, load: OpenLoad, rngs: Callable[[], Random], begin_ns: int, start_ns: int
    ) -> None:
        self._common = common
        self._most = load.max_sessions
        self._rngs = rngs
        self._start_ns = start_ns
        self._due_ns: list[int] = (arrivals_ns(load, common.job.seed) + begin_ns).tolist()
        self._next = 0
        self.shed = 0
        ahead = min(load.max_sessions, max(4, math.ceil(load.arrivals_per_s / 20)))
        self.clients = [self._client() for _ in range(ahead)]
        self._idle = deque(self.clients)
        self._timer: Timer

    def begin(self) -> None:
        for client in self.clients:
            client.connect()
        self._timer = Timer(asyncio.get_running_loop(), self._arrive)
        self._arrive()

    def _client(self) -> Client:
        return Client(self._common, self._rngs(), self._ended)

    def _ended(self, client: Client, done_ns: int, connected: bool) -> None:
        self._idle.append(client)

    def _arrive(self) -> None:
        due, last = self._due_ns, len(self._due_ns)
        now_ns = clock_ns()
        while self._next < last and due[self._next] <= now_ns:
            self._start(due[self._next])
            self._next += 1
        if self._next < last and not self._common.broken:
            self._timer.set(due[self._next])

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
