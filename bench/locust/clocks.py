"""The clocks of other machines: how far each is from ours, by messages to and fro, and times on theirs as ours."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/time")


@dataclass(frozen=True, slots=True)
class ClockExchange:
    """A message to another machine and its answer, in nanoseconds of CLOCK_MONOTONIC.

    Sent and returned by our clock, received and answered by the other machine's.
    """

    sent_ns: int
    received_ns: int
    answered_ns: int
    returned_ns: int

    @property
    def round_trip_ns(self) -> int:
        """The time that both messages took on their way (RFC 5905, section 8)."""
        return (self.returned_ns - self.sent_ns) - (self.answered_ns - self.received_ns)

    @property
    def offset_ns(self) -> int:
        """How far the other clock is ahead of ours, at most half a round trip off (RFC 5905, section 8)."""
        return ((self.received_ns - self.sent_ns) + (self.answered_ns - self.returned_ns)) // 2


SAME_CLOCK = ClockExchange(0, 0, 0, 0)
"""Stands for the clocks of two processes of one machine, which are one."""


def best(exchanges: Iterable[ClockExchange]) -> ClockExchange | None:
    """The one with the shortest round trip, whose offset is the surest (RFC 5905, section 10); None of none."""
    return min(exchanges, key=lambda one: one.round_trip_ns, default=None)


@dataclass(frozen=True, slots=True)
class ClockShift:
    """Times of another machine's CLOCK_MONOTONIC as ours, by an exchange at the start and one at the end.

    Two quartz clocks part by up to 50 µs a second, and steadily: between the two the offset is a straight line.
    """

    first: ClockExchange
    last: ClockExchange

    def to_ours(self, theirs_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """These times by our clock, in nanoseconds."""
        begin_ns, end_ns = self.first.received_ns, self.last.received_ns
        if end_ns <= begin_ns:
            return theirs_ns - self.first.offset_ns
        gain_ns = self.last.offset_ns - self.first.offset_ns
        passed = np.clip((theirs_ns - begin_ns) / (end_ns - begin_ns), 0.0, 1.0)
        return theirs_ns - self.first.offset_ns - np.rint(passed * gain_ns).astype(np.int64)


class SteadyTime:
    """Stands in for the module `time` where Locust counts requests per second: a clock that is never set.

    It starts at the time of day and goes with CLOCK_MONOTONIC, `base_ns` apart.
    """

    def __init__(self) -> None:
        self.base_ns = wall_ns()

    def time(self) -> float:
        """Seconds since the epoch."""
        return self.at(time.monotonic_ns())

    def at(self, moment_ns: int) -> float:
        """A moment of CLOCK_MONOTONIC as seconds since the epoch."""
        return (self.base_ns + moment_ns) / 1e9


def wall_ns() -> int:
    """How far the time of day is ahead of CLOCK_MONOTONIC."""
    return time.time_ns() - time.monotonic_ns()


def monotonic_clock() -> str:
    """The name of this process's CLOCK_MONOTONIC: two processes that have the same name have the same clock."""
    try:
        return f"{_BOOT.read_text().strip()} {os.stat(_NAMESPACE).st_ino}"
    except OSError:
        return ""
