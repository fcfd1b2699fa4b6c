"""One generator process of a fleet, as the process that leads it knows it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.locust.buckets import percentile_ms
from bench.locust.clocks import SAME_CLOCK, ClockExchange, ClockShift, best
from bench.model.record import FleetGenerator

KEPT = 8
"""Exchanges of which the quickest counts, as in NTP's filter of a clock (RFC 5905, section 10)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers a ping: its machine, the name of its CLOCK_MONOTONIC, and how far two other clocks are ahead of that.

    `wall_ns` is the time of day, `steady_ns` the clock that counts its requests per second.
    """

    host: str
    clock: str
    wall_ns: int
    steady_ns: int


@dataclass(frozen=True, slots=True)
class Loss:
    """A generator that did not report the end of the test: what it had said by then, and when that was."""

    name: str
    users: int
    requests: int
    rate_per_s: float
    silent_s: float

    @property
    def text(self) -> str:
        """A sentence with the figures."""
        return (
            f"worker {self.name} was lost with {self.users} users: its last report, {self.silent_s:.1f} s before it "
            f"was missed, makes {self.requests:,} requests; those after it are in no figure"
            + (f", some {self.rate_per_s:,.0f} a second" if self.rate_per_s else "")
        )


class FleetWorker:
    """What the leader has heard of a generator; `begin` forgets the figures of the test before.

    One that `is_ours` understands the leader's messages; others are Locust's own, which report and do no more.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_ours = False
        self.identity: Identity | None = None
        self.heard_ns = self.answers = 0
        self.exchanges: deque[ClockExchange] = deque(maxlen=KEPT)
        self.begin(0)

    def begin(self, now_ns: int) -> None:
        """A test begins."""
        self.takes_part = self.has_ended = False
        self.loss: Loss | None = None
        self.first: ClockExchange | None = None
        self.began_ns = self.reported_ns = now_ns
        self.users = self.most_users = self.requests = self.errors = 0
        self.rows: int | None = None
        self.unsent = 0
        self._times: Counter[float] = Counter()
        self._cpu_s = self._watched_s = 0.0
        self._lag_ms: float | None = None

    @property
    def name(self) -> str:
        """Its machine and its number."""
        return f"{self.identity.host if self.identity else 'worker'} #{self.number}"

    @property
    def nearest(self) -> ClockExchange | None:
        """The quickest of the last exchanges."""
        return best(self.exchanges)

    def answered(self, exchange: ClockExchange, identity: Identity) -> None:
        """An answer to a ping came."""
        if self.identity and (self.identity.clock, self.identity.host) != (identity.clock, identity.host):
            self.exchanges.clear()  # another process took this one's name
        self.identity = identity
        self.exchanges.append(exchange)
        self.answers += 1
        self.heard_ns = exchange.returned_ns

    def reported(self, report: Mapping[str, Any], now_ns: int) -> None:
        """A report of Locust's came, to which a generator of ours adds what it used itself."""
        total = report["stats_total"]
        self.users = int(report.get("user_count", 0))
        self.takes_part = self.takes_part or self.users > 0 or total["num_requests"] > 0
        self.most_users = max(self.most_users, self.users)
        self.requests += total["num_requests"]
        self.errors += total["num_failures"]
        self._times.update(total["response_times"])
        if used := report.get("bench"):
            self._cpu_s += used["cpu_s"]
            self._watched_s += used["span_s"]
            self._lag_ms = max(self._lag_ms or 0.0, used["lag_ms"])
        self.reported_ns = self.heard_ns = now_ns

    def lose(self, now_ns: int) -> Loss:
        """The generator is gone; gives what is known of that, which is kept as its `loss`."""
        reported_s = (self.reported_ns - self.began_ns) / 1e9
        rate_per_s = self.requests / reported_s if reported_s > 0 else 0.0
        silent_s = (now_ns - self.reported_ns) / 1e9
        self.loss = Loss(self.name, self.most_users, self.requests, rate_per_s, silent_s)
        return self.loss

    def clock_offset_ns(self, same: str) -> int | None:
        """How far its CLOCK_MONOTONIC is ahead of that of the name `same`; None where it never answered a ping."""
        if self.identity is None:
            return None
        if self.identity.clock == same != "":
            return 0
        return None if self.nearest is None else self.nearest.offset_ns

    def ahead_ns(self, same: str, wall_ns: int) -> int | None:
        """How far its time of day is ahead of ours, which is `wall_ns` ahead of our CLOCK_MONOTONIC."""
        return self._ahead_ns(same, wall_ns, self.identity.wall_ns if self.identity else 0)

    def steady_ahead_ns(self, same: str, steady_ns: int) -> int | None:
        """The same of the clock that counts its requests per second."""
        return self._ahead_ns(same, steady_ns, self.identity.steady_ns if self.identity else 0)

    def _ahead_ns(self, same: str, ours_ns: int, theirs_ns: int) -> int | None:
        offset_ns = self.clock_offset_ns(same)
        return None if offset_ns is None else offset_ns + theirs_ns - ours_ns

    def clock_shift(self, same: str) -> ClockShift:
        """Its times as ours, by the quickest exchanges at both ends of the test."""
        last = self.nearest
        if last is None or (self.identity and self.identity.clock == same != ""):
            return ClockShift(SAME_CLOCK, SAME_CLOCK)
        return ClockShift(self.first or last, last)

    def figures(self, same: str, wall_ns: int) -> FleetGenerator:
        """What is known of it by now."""
        ahead_ns, nearest = self.ahead_ns(same, wall_ns), self.nearest
        return FleetGenerator(
            name=self.name,
            users=self.most_users,
            requests=self.requests,
            errors=self.errors,
            p99_ms=percentile_ms(self._times, 0.99) if self._times else None,
            cpu_share=round(self._cpu_s / self._watched_s, 4) if self._watched_s else None,
            lag_ms=None if self._lag_ms is None else round(self._lag_ms, 3),
            round_trip_ms=None if nearest is None else round(nearest.round_trip_ns / 1e6, 3),
            ahead_ms=None if ahead_ns is None else round(ahead_ns / 1e6, 3),
            rows=self.rows,
            is_lost=self.loss is not None,
        )
