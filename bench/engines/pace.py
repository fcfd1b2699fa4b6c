"""A ceiling on the rate of requests: all clients of a process that send to one address share one pace.

A closed load waits as if its users paused. In an open load the wait counts as lag, as the arrivals were due before.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from random import Random

from bench.engines.common import Common
from bench.engines.connection import Client, clock_ns
from bench.engines.job import Job
from bench.model.attachment import burst_under, steady_rps
from bench.model.plan import OpenLoad

_TIMER_S = 0.0005
"""A timer of uvloop may come this much early, as it counts whole milliseconds."""


class Pace:
    """Gives out places: no second has more of them than `most_rps`, and a tenth of a second's may follow at once.

    This is the generic cell rate algorithm (ITU-T I.371, annex A.1).
    """

    def __init__(self, most_rps: float) -> None:
        self._every_ns = -int(-1e9 // steady_rps(most_rps))
        self._ahead_ns = (burst_under(most_rps) - 1) * self._every_ns
        self._next_ns: int | None = None

    def take_ns(self, now_ns: int) -> int:
        """Take the next place: the moment from which a request may leave, now or later."""
        if self._next_ns is None:  # it begins slowly, as another process may just have asked the same server
            self._next_ns = now_ns + self._ahead_ns
        place_ns = max(now_ns, self._next_ns)
        self._next_ns = place_ns + self._every_ns
        return max(now_ns, place_ns - self._ahead_ns)


@functools.cache
def pace(host: str, port: int, most_rps: float) -> Pace:
    """The one pace of this process for an address."""
    return Pace(most_rps)


def pace_of(job: Job) -> Pace:
    """The pace of a job that has a ceiling."""
    return pace(*job.address.place, job.most_rps)


def make_client(
    common: Common, rng: Random, ended: Callable[[Client, int, bool], None], *, repeats: bool = False
) -> Client:
    """A client, which keeps to the ceiling of its job where there is one."""
    kind = PacedClient if common.job.most_rps else Client
    return kind(common, rng, ended, repeats=repeats)


class PacedClient(Client):
    """A client that sends each request when there is a place for it."""

    __slots__ = ("_pace", "_waiting")

    def __init__(
        self,
        common: Common,
        rng: Random,
        ended: Callable[[Client, int, bool], None],
        *,
        repeats: bool = False,
    ) -> None:
        super().__init__(common, rng, ended, repeats=repeats)
        self._pace = pace_of(common.job)
        self._waiting: asyncio.TimerHandle | None = None

    def close(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        super().close()

    def _send(self, intended_ns: int) -> None:
        now_ns = clock_ns()
        place_ns = self._pace.take_ns(now_ns)
        if place_ns <= now_ns:
            super()._send(intended_ns)
        else:
            self.sent_ns = 0  # nothing is under way
            self._wait(place_ns, intended_ns)

    def _wait(self, place_ns: int, intended_ns: int) -> None:
        wait_s = (place_ns - clock_ns()) / 1e9 + _TIMER_S
        self._waiting = asyncio.get_running_loop().call_later(wait_s, self._leave, place_ns, intended_ns)

    def _leave(self, place_ns: int, intended_ns: int) -> None:
        now_ns = clock_ns()
        self._waiting = None
        if now_ns < place_ns:
            self._wait(place_ns, intended_ns)
        elif now_ns >= self.until_ns and not self.lasting:
            self._finish(now_ns)
        else:
            was_due = isinstance(self._common.job.load, OpenLoad)
            super()._send(intended_ns if was_due else now_ns)
