"""A worker's side of a fleet: it answers for its clocks, begins when its master says so, and says when it has ended."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import WorkerRunner

from bench.locust import messages
from bench.locust.clocks import SteadyTime, monotonic_clock, wall_ns
from bench.locust.member import Identity
from bench.locust.shipping import SAMPLES, Sender
from bench.observe.process_tree import ProcessTree

_BEAT_S = 0.02
_LONGEST_WAIT_NS = 10_000_000_000
"""For the common start: a worker whose clock was compared badly begins all the same."""


class Follower:
    """What a worker of Locust's sends to its master in addition to Locust's own figures."""

    def __init__(self, environment: Environment, runner: WorkerRunner, steady: SteadyTime) -> None:
        self.run = 0
        self._runner = runner
        self._steady = steady
        self._clock = monotonic_clock()
        self._begin_ns = 0
        self._sender = Sender(runner.send_message)
        self.spool: Path | None = None
        self._usage = Usage()
        self._events = environment.events
        runner.register_message(messages.PING, self._answer)
        runner.register_message(messages.START, self._hear_start)
        runner.register_message(messages.ROWS_HEARD, self._hear_receipt)
        self._events.report_to_master.add_listener(self._report)
        self._events.test_start.add_listener(self._start)
        runner.greenlet.spawn(self._beat)
        runner.send_message(messages.HERE)

    def _answer(self, environment: Environment, msg: Message, **_: object) -> None:
        received_ns = time.monotonic_ns()
        identity = Identity(
            host=socket.gethostname(),
            clock=self._clock,
            wall_ns=wall_ns(),
            steady_ns=self._steady.base_ns,
        )
        answer = {
            messages.SENT: msg.data[messages.SENT],
            messages.RECEIVED: received_ns,
            messages.IDENTITY: asdict(identity),
            messages.ANSWERED: time.monotonic_ns(),
        }
        self._runner.send_message(messages.PONG, answer)

    def _hear_start(self, environment: Environment, msg: Message, **_: object) -> None:
        self.run, self._begin_ns = msg.data[messages.RUN], msg.data[messages.BEGIN]

    def _start(self, **_: object) -> None:
        """Wait for the common start; the first users come after it.

        Only now the end is listened for, so that all others who do have ended before.
        """
        until_ns = min(self._begin_ns, time.monotonic_ns() + _LONGEST_WAIT_NS)
        while (left_ns := until_ns - time.monotonic_ns()) > 0:
            gevent.sleep(left_ns / 1e9)
        self._usage.take()
        self._events.test_stop.add_listener(self._stop)

    def _stop(self, **_: object) -> None:
        self._events.test_stop.remove_listener(self._stop)
        files = sorted(self.spool.glob(f"*{SAMPLES}")) if self.spool else []
        if files:  # in a greenlet of its own: the receipts are heard by the greenlet that stops this test
            self._runner.greenlet.spawn(self._ship, files)
        else:
            self._end(None, 0)

    def _ship(self, files: Sequence[Path]) -> None:
        self._end(*self._sender.ship(files))
        for path in files:
            for part in path.parent.glob(f"{path.stem}.*"):
                part.unlink()

    def _end(self, shipped: int | None, unsent: int) -> None:
        end = {messages.RUN: self.run, messages.SHIPPED: shipped, messages.UNSENT: unsent}
        self._runner.send_message(messages.ENDED, end)

    def _hear_receipt(self, **_: object) -> None:
        self._sender.heard()

    def _report(self, client_id: str, data: dict[str, Any], **_: object) -> None:
        data["bench"] = self._usage.take()

    def _beat(self) -> None:
        while True:
            due_ns = time.monotonic_ns() + int(_BEAT_S * 1e9)
            gevent.sleep(_BEAT_S)
            self._usage.late(time.monotonic_ns() - due_ns)


class Usage:
    """The CPU time of this process and of its children, and the worst lag of its event loop, since they were taken.

    What a child used that came and went in between is not in it.
    """

    def __init__(self) -> None:
        self._tree = ProcessTree(os.getpid())
        self._cpu_ns, self._at_ns = self._tree.cpu_ns(), time.monotonic_ns()
        self._lag_ns = 0

    def late(self, lag_ns: int) -> None:
        """The event loop came so late to a call."""
        self._lag_ns = max(self._lag_ns, lag_ns)

    def take(self) -> dict[str, float]:
        """What a report says of them: `cpu_s` in `span_s`, and `lag_ms`; they count anew from now on."""
        self._tree.refresh()
        cpu_ns, at_ns = self._tree.cpu_ns(), time.monotonic_ns()
        found = {
            "cpu_s": max(0, cpu_ns - self._cpu_ns) / 1e9,
            "span_s": (at_ns - self._at_ns) / 1e9,
            "lag_ms": self._lag_ns / 1e6,
        }
        self._cpu_ns, self._at_ns, self._lag_ns = cpu_ns, at_ns, 0
        return found
