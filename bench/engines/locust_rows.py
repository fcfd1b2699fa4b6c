"""Writes a row for each request of Locust's, as the native engine does: for a benchmark, and for Locust's own UI.

Locust's statistics keep whole milliseconds; its request event carries the exact time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

import gevent
from locust.exception import CatchResponseError

from bench.engines.evidence import Evidence
from bench.engines.heartbeat import Heartbeat
from bench.engines.locust_transport import Transport
from bench.model.samples import OK, SampleFile, tag

_WORKER = re.compile(rb"\n[Xx]-[Ww]orker:[ \t]*([0-9]{1,9})[ \t]*\r?\n")


def _label(transport: Transport) -> str:
    return transport.request.label


class RowWriter:
    """The rows of one process of Locust's; `name` gives the label of the request that a transport has sent."""

    def __init__(self, path: Path, name: Callable[[Transport], str] = _label) -> None:
        self.file = SampleFile(path)
        self.heartbeat = Heartbeat()
        self.errors = 0
        self._name = name
        self._evidence = Evidence(path)
        self.set_clock()

    def set_clock(self) -> None:
        """Read both clocks: Locust's times are those of the wall, which may be set while it runs."""
        self.clock_offset_ns = time.monotonic_ns() - time.time_ns()

    def add(
        self,
        response_time: float,
        exception: object = None,
        start_time: float = 0.0,
        context: Any = None,
        **_: object,
    ) -> None:
        """Add a row, as a listener of Locust's `request`: sent at `start_time`, done `response_time` ms later.

        The `context` has the `transport`, and of a request that was due at a moment of its own, `intended_s`.
        """
        transport: Transport = context["transport"]
        file, channel = self.file, transport.channel
        sent_ns = int(start_time * 1e9) + self.clock_offset_ns
        done_ns = sent_ns + int(response_time * 1e6)
        intended_s = context.get("intended_s")
        intended_ns = sent_ns
        if intended_s is not None:
            intended_ns = min(sent_ns, int(intended_s * 1e9) + self.clock_offset_ns)
        outcome = OK if exception is None else self._failed(exception, transport, done_ns)
        found = _WORKER.search(transport.response.head)
        label = file.label(self._name(transport))
        first_ns = channel.first_ns
        if channel.open_ended:
            file.gaps.add(label, channel.arrivals_ns)
        first_ns = min(max(sent_ns, first_ns), done_ns) if first_ns else done_ns
        worker = int(found[1]) if found else 0
        file.append((intended_ns, 0, sent_ns, first_ns, done_ns, tag(label, outcome, worker)))
        file.spill()

    def beat(self) -> NoReturn:
        """Watch how late this process's loop is, for ever: in a greenlet of its own, which whoever spawned it kills."""
        while True:
            now_ns = time.monotonic_ns()
            gevent.sleep((self.heartbeat.beat(now_ns) - now_ns) / 1e9)

    def close(
        self,
        *,
        span_ns: tuple[int, int],
        cpu_s: float,
        transports: Iterable[Transport],
        pauses: int,
        shed: int = 0,
    ) -> None:
        """Write what is left; `cpu_s` is this process's CPU time in the measured part, `pauses` those of its users.

        `shed` sessions were due and found no user free.
        """
        start_ns, end_ns = span_ns
        self.file.close(
            start_ns=start_ns,
            end_ns=end_ns,
            shed=shed,
            cpu_s=cpu_s,
            resent=sum(one.channel.resent for one in transports),
            stalls=self.heartbeat.stalls,
            pauses=pauses,
        )
        self._evidence.write()  # after the samples, whose file is free by then: there may be no other

    def _failed(self, exception: object, transport: Transport, done_ns: int) -> int:
        """Count a failure and keep the first of its kind; gives the number of its outcome."""
        self.errors += 1
        kind = _kind(exception, transport)
        answer = transport.response
        self._evidence.keep(
            kind, transport, done_ns, answer if answer.status else b"", name=self._name(transport)
        )
        return self.file.outcome(kind)


def _kind(exception: object, transport: Transport) -> str:
    """The fault as the user names it, which is the native engine's name for it, without the answer's beginning."""
    if isinstance(exception, CatchResponseError):
        return transport.fault or str(exception)
    return type(exception).__name__.lower()
