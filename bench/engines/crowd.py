"""A closed loop whose number of users is set while it runs; a user who is to go ends after the request under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import chain
from random import Random

from bench.engines.backoff import pause_ns
from bench.engines.common import Common
from bench.engines.connection import Client, clock_ns
from bench.engines.timer import Timer


class Crowd:
    """Users who come and go, each with a connection of their own; it begins without any.

    A user's next session starts when the last one ends, or a random while of `think_ns` on average after. Where `set`
    gives users a pace, their sessions are due at even intervals instead, of which the first begins at random; one that
    is late starts at once, and its time counts from the moment when it was due.

    `leaving` are users who are asked to go and whose request is under way.
    """

    def __init__(self, common: Common, think_ns: int, rngs: Callable[[], Random]) -> None:
        self._common = common
        self._think_ns = think_ns
        self._every_ns = 0
        self._rngs = rngs
        self._rng = rngs()
        self._staying: list[Client] = []
        self.leaving: set[Client] = set()
        self._due_ns: dict[Client, int] = {}  # of the session under way, where there is a pace
        self._waiting: list[tuple[int, int, Client]] = []
        self._timer = Timer(asyncio.get_running_loop(), self._go_on)

    @property
    def clients(self) -> list[Client]:
        """Those who stay, and those who leave."""
        return [*chain(self._staying, self.leaving)]

    def set(self, users: int, every_ns: int = 0) -> None:
        """Let there be so many users, with a session each `every_ns`, 0 for no pace; those who came last go first.

        Users who come keep the kind of pace that they came with, so that no pace must not become one.
        """
        self._every_ns = every_ns
        if users < len(self._staying):
            self._dismiss(users)
        while len(self._staying) < users and not self._common.broken:
            self._admit()

    def abandon(self) -> None:
        """Wait no longer for those who leave: their requests under way are `unfinished`."""
        for client in tuple(self.leaving):
            if client.sent_ns:
                client.fail("unfinished")
            else:
                self._let_go(client)

    def close(self) -> None:
        """Send everybody away, without waiting for an answer."""
        self.set(0)
        self.abandon()
        self._timer.close()

    def _admit(self) -> None:
        now_ns, steady = clock_ns(), not (self._think_ns or self._every_ns)
        client = Client(self._common, self._rngs(), self._ended, repeats=steady)
        self._staying.append(client)
        if self._every_ns:
            self._start_at(now_ns + int(self._rng.random() * self._every_ns), client)
        else:
            client.start(now_ns)

    def _dismiss(self, users: int) -> None:
        now_ns = clock_ns()
        self.leaving.update(going := self._staying[users:])
        del self._staying[users:]
        for client in going:
            client.until_ns = now_ns
        idle = [one[2] for one in self._waiting if one[2] in self.leaving]
        self._waiting = [one for one in self._waiting if one[2] not in self.leaving]
        heapify(self._waiting)
        self._common.pauses.end(now_ns, self.leaving)
        for client in idle:
            self._let_go(client)

    def _let_go(self, client: Client) -> None:
        client.close()
        self.leaving.discard(client)
        self._due_ns.pop(client, None)

    def _ended(self, client: Client, done_ns: int, connected: bool) -> None:
        if client in self.leaving:
            self._let_go(client)
        elif self._common.broken:
            return
        elif not connected:
            self._start_at(clock_ns() + pause_ns(client.setbacks, self._rng), client)
        elif self._every_ns:
            self._start_at(self._due_ns.get(client, done_ns) + self._every_ns, client)
        elif self._think_ns:
            self._start_at(done_ns + int(self._rng.expovariate(1.0) * self._think_ns), client)
        else:
            client.start(done_ns)

    def _start_at(self, due_ns: int, client: Client) -> None:
        heappush(self._waiting, (due_ns, id(client), client))
        if self._waiting[0][2] is client:
            self._timer.set(due_ns)

    def _go_on(self) -> None:
        waiting, now_ns = self._waiting, clock_ns()
        while waiting and waiting[0][0] <= now_ns and not self._common.broken:
            due_ns, _, client = heappop(waiting)
            self._due_ns[client] = due_ns
            client.start(due_ns)
        if waiting:
            self._timer.set(waiting[0][0])
