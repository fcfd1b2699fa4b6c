"""Short loads over connections that stay: a fixed number of sessions, as fast as some users can, or at given times."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Any, TypeVar

import uvloop

from bench.engines.backoff import AT_ONCE, pause_ns
from bench.engines.common import Common
from bench.engines.connection import Client, clock_ns
from bench.engines.job import Job, collect_where_many
from bench.engines.pace import make_client
from bench.engines.timer import Timer
from bench.errors import EngineError
from bench.model.samples import Samples, read
from scenarios.model import Flow

T = TypeVar("T")

_NEVER_NS = 1 << 62
_SOON_NS = 2_000_000
_SWEEP_S = 0.1
_WITHIN_NS = 30_000_000_000
"""A burst that takes longer is cut short."""
_MOST_SETBACKS = AT_ONCE + 4
"""Connections that one client loses in a row, after which a burst is cut short."""


def run_bursts(main: Coroutine[Any, Any, T]) -> T:
    """Run what drives bursts to its end, on a loop of its own.

    Flows print to standard error meanwhile, as standard output is for what a command answers.
    """
    with contextlib.redirect_stdout(sys.stderr):
        return uvloop.run(main)


class Bursts:
    """`users` connections to one server; between two calls nothing is under way.

    Of the job, only its address, its file of samples and its limit for an answer matter. A burst whose server does not
    answer in time, loses connections again and again, or takes very long, is cut short: no other session starts, and
    `was_cut_short` says so of the last one.

    Where they are `lasting`, a session goes on from one burst to the next, and a burst has so many requests in place of
    sessions: for flows that never end, or take very long.
    """

    def __init__(
        self, job: Job, flow: Callable[[Random], Flow], users: int, *, lasting: bool = False
    ) -> None:
        self._job = job
        self._common = Common(job, flow, _NEVER_NS)
        self._clients = [
            make_client(self._common, Random(f"{job.seed} {user}"), self._ended) for user in range(users)
        ]
        self._idle = deque(self._clients)
        self._to_start = 0
        self._under_way = 0
        self._due_ns: deque[int] = deque()
        self._over: asyncio.Future[int] | None = None
        self._timer: Timer | None = None
        self._rng = Random(job.seed)
        self._until_ns = _NEVER_NS
        self.was_cut_short = False
        self._begin_session = Client.resume if lasting else Client.start
        self._last_ns = 0 if lasting else _NEVER_NS
        for client in self._clients:
            client.lasting = lasting
        self._limit(self._last_ns)

    @property
    def errors(self) -> int:
        """Requests that failed, so far."""
        return self._common.errors

    @property
    def sent(self) -> int:
        """Requests that were sent, so far."""
        return self._common.sent

    async def closed(self, sessions: int) -> tuple[int, int]:
        """Run sessions one after the other on every connection; the moments of the first start and the last end.

        Raises EngineError where the flow itself is broken.
        """
        start_ns = self._begin()
        self._to_start = sessions
        while self._to_start and self._idle:
            self._start(start_ns)
        return start_ns, await self._end()

    def stop(self) -> None:
        """Start no session that is not due yet; what was due, and what is under way, comes to its end.

        One that waits for a connection waits longest: to drop it would be to leave out the worst.
        """
        now_ns = clock_ns()
        while self._due_ns and self._due_ns[-1] > now_ns:
            self._due_ns.pop()
        self._arrive()
        if not self._under_way:
            self._finish(clock_ns())

    async def paced(self, offsets_ns: Sequence[int]) -> tuple[int, int]:
        """Start sessions at these times from now, in order; one that finds no free connection waits for it.

        It was due all the same, so that its response time holds the wait. Raises EngineError as `closed` does.
        """
        begin_ns = self._begin() + _SOON_NS
        self._due_ns = deque(begin_ns + offset for offset in offsets_ns)
        if self._timer is None:
            self._timer = Timer(asyncio.get_running_loop(), self._arrive)
        self._arrive()
        return begin_ns, await self._end()

    def reconnect(self) -> None:
        """Drop the connections, so that the next burst opens new ones."""
        for client in self._clients:
            client.close()

    def disconnect(self) -> None:
        """Drop the connections, in the event loop that they belong to."""
        self.reconnect()
        if self._timer is not None:
            self._timer.close()

    def close(self) -> Samples:
        """Drop the connections; every request there was."""
        self.leave()
        return read(self._job.samples)

    def leave(self) -> None:
        """Drop the connections, and leave the samples in the file of the job."""
        self.disconnect()
        common = self._common
        common.file.close(
            start_ns=0,
            end_ns=_NEVER_NS,
            shed=0,
            cpu_s=0.0,
            sent=common.sent,
            resent=common.resent,
            pauses=common.pauses.count,
        )
        common.evidence.write()  # after the samples, whose file is free by then: there may be no other

    def _begin(self) -> int:
        """The moment from which the time of a burst counts."""
        if self.was_cut_short:
            self._limit(self._last_ns)
        collect_where_many()
        self._common.file.spill()
        self._over = asyncio.get_running_loop().create_future()
        self.was_cut_short = False
        begin_ns = clock_ns()
        self._until_ns = begin_ns + max(_WITHIN_NS, int(3e9 * self._job.timeout_s))
        return begin_ns

    async def _end(self) -> int:
        over = self._over
        assert over is not None
        while not over.done():
            await asyncio.wait((over,), timeout=_SWEEP_S)
            self._sweep()
        return over.result()

    def _sweep(self) -> None:
        """Fail the requests that have waited too long for an answer, and cut short what takes too long."""
        now_ns = clock_ns()
        late_ns = now_ns - int(self._job.timeout_s * 1e9)
        late = [client for client in self._clients if 0 < client.sent_ns < late_ns]
        if late or now_ns > self._until_ns:
            self._cut_short()
        if now_ns > self._until_ns:
            self._limit(now_ns)
            self._common.pauses.end(now_ns)
        for client in late:
            client.fail("timeout")

    def _limit(self, until_ns: int) -> None:
        """End each session with its first answer after this moment."""
        for client in self._clients:
            client.until_ns = until_ns

    def _cut_short(self) -> None:
        self.was_cut_short = True
        self._to_start = 0
        self._due_ns.clear()

    def _start(self, due_ns: int) -> None:
        self._to_start -= 1
        self._under_way += 1
        self._begin_session(self._idle.pop(), due_ns)

    def _arrive(self) -> None:
        now_ns = clock_ns()
        while self._due_ns and self._due_ns[0] <= now_ns and self._idle:
            self._to_start += 1
            self._start(self._due_ns.popleft())
        if self._due_ns and self._idle and self._timer is not None:
            self._timer.set(self._due_ns[0])

    def _ended(self, client: Client, done_ns: int, connected: bool) -> None:
        if not connected and self._rest(client):
            return
        self._under_way -= 1
        self._idle.append(client)
        if self._common.broken:
            self._finish(done_ns)
        elif self._to_start:
            self._start(done_ns)
        elif self._due_ns:
            self._arrive()
        elif not self._under_way:
            self._finish(done_ns)

    def _rest(self, client: Client) -> bool:
        """Let a client leave the server alone for a while, where more is to start."""
        if client.setbacks >= _MOST_SETBACKS:
            self._cut_short()
        if not self._to_start and not self._due_ns:
            return False
        rest_s = pause_ns(client.setbacks, self._rng) / 1e9
        asyncio.get_running_loop().call_later(rest_s, lambda: self._ended(client, clock_ns(), True))
        return True

    def _finish(self, done_ns: int) -> None:
        over = self._over
        if over is None or over.done():
            return
        if self._common.broken:
            over.set_exception(EngineError(f"scenario '{self._job.scenario}'{self._common.broken}"))
        else:
            over.set_result(done_ns)
