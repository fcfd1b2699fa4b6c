"""The master's side of a fleet: it compares clocks, lets all begin at one moment, and misses who is gone."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_MISSING, STATE_RUNNING, STATE_SPAWNING, MasterRunner

from bench.locust import messages
from bench.locust.clocks import ClockExchange, SteadyTime, monotonic_clock, wall_ns
from bench.locust.member import KEPT, FleetWorker, Identity
from bench.locust.reports import begin_no_earlier, shift
from bench.locust.shipping import Receiver
from bench.model.record import Caveat, FleetGenerator
from bench.results.caveats import CLOCK_SKEW, ROWS_MISSING, WORKER_LOST
from bench.system.waiting import wait_until

log = logging.getLogger(__name__)
_PERIOD_S = 1.0
_COMPARE_WITHIN_S, _COMPARE_PAUSE_S = 1.5, 0.02
_LEAD_S = 0.25
"""From the message of a start to the start: time for Locust's own message, which follows it, and the quickest way."""
_SILENT_NS = 6_000_000_000
"""For so long a worker may say nothing at the end: twice the time after which Locust calls one missing."""
_END_WITHIN_S = 120.0
_SKEW_NS = 500_000_000
"""Of the time of day: with less, no count of a second is in another one than it would be after rounding."""


class Leader:
    """What a master knows of its workers; without `begin` it leads nobody."""

    def __init__(self, steady: SteadyTime) -> None:
        self.members: dict[str, FleetWorker] = {}
        self.run = self.begin_ns = 0
        self.receiver: Receiver | None = None
        self._steady = steady
        self._clock = monotonic_clock()
        self._runner: MasterRunner
        self._environment: Environment

    def begin(self, environment: Environment, runner: MasterRunner) -> None:
        """Lead the workers of a master from now on."""
        self._environment, self._runner = environment, runner
        runner.register_message(messages.PONG, self._hear_answer)
        runner.register_message(messages.ROWS, self._hear_rows)
        runner.register_message(messages.ENDED, self._hear_end)
        runner.register_message(messages.HERE, self._greet)
        events = environment.events
        events.test_start.add_listener(self._start)
        events.test_stop.add_listener(self._stop)
        runner.greenlet.spawn(self._watch)

    def hear_report(self, client_id: str, data: dict[str, Any], **_: object) -> None:
        """A worker's report: its times become ours before Locust adds it up."""
        member = self._member(client_id)
        if ahead_ns := member.steady_ahead_ns(self._clock, self._steady.base_ns):
            shift(data, ahead_ns / 1e9)
        begin_no_earlier(data, self._steady.at(self.begin_ns))
        member.reported(data, time.monotonic_ns())

    def taking_part(self) -> Iterator[FleetWorker]:
        """Those of the last test."""
        return (member for member in self.members.values() if member.takes_part)

    def figures(self) -> tuple[FleetGenerator, ...]:
        """What each of them did."""
        return tuple(one.figures(self._clock, wall_ns()) for one in self.taking_part())

    def caveats(self) -> tuple[Caveat, ...]:
        """Reasons to doubt the figures of the last test."""
        return tuple(caveat for member in self.taking_part() for caveat in self._doubts(member))

    def _doubts(self, member: FleetWorker) -> Iterator[Caveat]:
        if member.loss:
            yield Caveat(WORKER_LOST, member.loss.text)
        if member.unsent:
            yield Caveat(
                ROWS_MISSING,
                f"worker {member.name} kept {member.unsent:,} requests to itself, more than are sent to the master: "
                "Locust's own figures have them, those of this record do not",
            )
        ahead_ns = member.ahead_ns(self._clock, wall_ns())
        if ahead_ns is not None and abs(ahead_ns) > _SKEW_NS:
            way = "ahead of" if ahead_ns > 0 else "behind"
            yield Caveat(
                CLOCK_SKEW,
                f"the clock of worker {member.name} is {abs(ahead_ns) / 1e9:.1f} s {way} the master's: its times are "
                "translated, and no figure is bent; let NTP set it",
            )

    def _member(self, client_id: str) -> FleetWorker:
        return self.members.setdefault(client_id, FleetWorker(len(self.members) + 1))

    # --- clocks ----------------------------------------------------------------------------------

    def _greet(self, environment: Environment, msg: Message, **_: object) -> None:
        self._member(msg.node_id).is_ours = True
        self._ask(msg.node_id)

    def _ask(self, client_id: str) -> None:
        ping = {messages.SENT: time.monotonic_ns()}
        self._runner.send_message(messages.PING, ping, client_id)

    def _hear_answer(self, environment: Environment, msg: Message, **_: object) -> None:
        returned_ns, data = time.monotonic_ns(), msg.data
        exchange = ClockExchange(
            data[messages.SENT], data[messages.RECEIVED], data[messages.ANSWERED], returned_ns
        )
        self._member(msg.node_id).answered(exchange, Identity(**data[messages.IDENTITY]))

    def _compare(self) -> None:
        """Several quick exchanges with each worker of ours."""
        until_s = time.monotonic() + _COMPARE_WITHIN_S
        here = {name: self.members[name] for name in self._present() if self.members[name].is_ours}
        wanted = {name: member.answers + KEPT for name, member in here.items()}
        while wanted and time.monotonic() < until_s:
            for name in wanted:
                self._ask(name)
            gevent.sleep(_COMPARE_PAUSE_S)
            wanted = {name: count for name, count in wanted.items() if here[name].answers < count}

    def _present(self) -> list[str]:
        clients = self._runner.clients
        return [name for name in self.members if name in clients and clients[name].state != STATE_MISSING]

    # --- a test ----------------------------------------------------------------------------------

    def _start(self, **_: object) -> None:
        """Compare clocks, and name the start by the clock of each, before Locust sends the first users."""
        self.run += 1
        for member in self.members.values():
            member.begin(time.monotonic_ns())
        for name in self._runner.clients:
            self._member(name)
        wait_until(lambda: all(self.members[name].is_ours for name in self._present()), _COMPARE_WITHIN_S)
        self._compare()
        here = [(name, self.members[name]) for name in self._present()]
        slowest_ns = max((one.nearest.round_trip_ns for _, one in here if one.nearest), default=0)
        begin_ns = time.monotonic_ns() + int(_LEAD_S * 1e9) + slowest_ns
        # An offset is wrong by half a round trip at most: no request lies before this.
        self.begin_ns = begin_ns - slowest_ns
        self._environment.stats.total.start_time = self._steady.at(self.begin_ns)
        for name, member in here:
            member.takes_part = True
            member.first = member.nearest
            member.began_ns = member.reported_ns = begin_ns
            offset_ns = member.clock_offset_ns(self._clock)
            if offset_ns is not None:
                start = {messages.RUN: self.run, messages.BEGIN: begin_ns + offset_ns}
                self._runner.send_message(messages.START, start, name)

    def _hear_end(self, environment: Environment, msg: Message, **_: object) -> None:
        member = self._member(msg.node_id)
        member.heard_ns = time.monotonic_ns()
        if msg.data[messages.RUN] == self.run:
            member.has_ended = True
            member.unsent = msg.data[messages.UNSENT]
            member.rows = msg.data[messages.SHIPPED]

    def _hear_rows(self, environment: Environment, msg: Message, **_: object) -> None:
        member = self._member(msg.node_id)
        member.heard_ns = time.monotonic_ns()
        if self.receiver:
            self.receiver.hear(member.number, msg.data)
        self._runner.send_message(messages.ROWS_HEARD, None, msg.node_id)

    def _stop(self, **_: object) -> None:
        """Wait for the last words of all; who does not say that it ended is lost, and with it the test."""
        self._await_ends()
        self._compare()
        for member in self.taking_part():
            if member.is_ours and not member.has_ended and not member.loss:
                self._lose(member)  # others have no word for the end
            if self.receiver and member.has_ended and not member.unsent:
                self.receiver.settle(member.number, member.clock_shift(self._clock))
            elif self.receiver:
                self.receiver.drop(member.number)
        if any(member.loss for member in self.taking_part()):
            self._environment.process_exit_code = 1
        for name in [name for name in self.members if name not in self._present()]:
            self._runner.clients.pop(name, None)  # while a missing one is there Locust is never at rest

    def _await_ends(self) -> None:
        """Return when each has ended or has been silent for too long, or when all took too long."""
        asked_s, until_s = 0.0, time.monotonic() + _END_WITHIN_S
        while waiting := [name for name, one in self.members.items() if self._is_awaited(one)]:
            now_s = time.monotonic()
            if now_s > until_s:
                return
            if now_s >= asked_s + _PERIOD_S:
                asked_s = now_s
                for name in waiting:
                    self._ask(name)
            gevent.sleep(_COMPARE_PAUSE_S)

    def _is_awaited(self, member: FleetWorker) -> bool:
        silent_ns = time.monotonic_ns() - member.heard_ns
        is_due = member.takes_part and member.is_ours and not member.has_ended and not member.loss
        return is_due and silent_ns < _SILENT_NS

    def _watch(self) -> None:
        """Ask who is there, and miss who is not, once a second."""
        while True:
            gevent.sleep(_PERIOD_S)
            present = self._present()
            for name in present:
                if self.members[name].is_ours:
                    self._ask(name)
            if self._runner.state in (STATE_SPAWNING, STATE_RUNNING):
                self._miss(present)

    def _miss(self, present: list[str]) -> None:
        for name, member in self.members.items():
            if not member.takes_part or member.has_ended:
                continue
            if name in present:
                member.loss = None  # it was silent for a while, and is back
            elif not member.loss:
                self._lose(member)

    def _lose(self, member: FleetWorker) -> None:
        log.error(member.lose(time.monotonic_ns()).text)
