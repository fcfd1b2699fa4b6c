"""What one pair of servers showed under one scenario: slices, turns, and the ratio of each metric."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

METRICS = ("cpu", "throughput", "p50", "p99")


@dataclass(frozen=True, slots=True)
class Slice:
    """A fixed number of sessions by one server: the requests, the wall time, the server's CPU time and our own."""

    requests: int
    wall_ns: int
    cpu_ns: int
    own_cpu_ns: int = 0

    @property
    def cpu_us(self) -> float:
        return self.cpu_ns / 1e3 / self.requests

    @property
    def rate_per_s(self) -> float:
        return self.requests / self.wall_ns * 1e9


@dataclass(frozen=True, slots=True)
class Turn:
    """A slice of either server, one right after the other."""

    base: Slice
    head: Slice


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of one server of a pair next to its turns; times from when a request was due, at the fixed rate.

    `late_p99_ms` is how late we sent requests for which a connection was free.
    """

    p50_ms: float | None
    p99_ms: float | None
    errors: int
    requests: int
    faults: tuple[str, ...] = ()
    late_p99_ms: float | None = None

    @property
    def error_share(self) -> float:
        """Failed requests over all; 0 of none."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Observation:
    """One pair under one scenario: the unit of evidence."""

    turns: tuple[Turn, ...]
    base: Side
    head: Side

    def log_ratio(self, metric: str) -> float | None:
        """The logarithm of head / base; the median over turns, so that a disturbed one does not move it."""
        if metric in ("p50", "p99"):
            before, after = (getattr(side, f"{metric}_ms") for side in (self.base, self.head))
            return math.log(after / before) if before and after else None
        return statistics.median(log_ratios(self.turns, metric)) if self.turns else None

    def level(self, metric: str, side: str) -> float | None:
        """The figure of one side, `base` or `head`: microseconds, requests per second, or milliseconds."""
        if metric in ("p50", "p99"):
            found: float | None = getattr(getattr(self, side), f"{metric}_ms")
            return found
        figures = [figure(getattr(turn, side), metric) for turn in self.turns]
        return statistics.median(figures) if figures else None

    def own_cpu_share(self, side: str) -> float:
        """Our own CPU time over the wall time of one side's slices; 0 without any."""
        slices = [getattr(turn, side) for turn in self.turns]
        wall_ns = sum(one.wall_ns for one in slices)
        return sum(one.own_cpu_ns for one in slices) / wall_ns if wall_ns else 0.0


def figure(one: Slice, metric: str) -> float:
    """CPU microseconds per request, or requests per second."""
    return one.cpu_us if metric == "cpu" else one.rate_per_s


def log_ratios(turns: Sequence[Turn], metric: str) -> list[float]:
    """The logarithm of head / base, turn by turn."""
    return [math.log(figure(turn.head, metric) / figure(turn.base, metric)) for turn in turns]


def line(look: str, scenario: str, one: Observation, seed: int) -> str:
    """A pair as a line of JSON; a slice is [requests, wall nanoseconds, the server's CPU nanoseconds, our own]."""
    turns = {
        side: [
            [piece.requests, piece.wall_ns, piece.cpu_ns, piece.own_cpu_ns]
            for piece in (getattr(turn, side) for turn in one.turns)
        ]
        for side in ("base", "head")
    }
    sides = {side: asdict(getattr(one, side)) for side in ("base", "head")}
    return json.dumps({"seed": seed, "look": look, "scenario": scenario, "turns": turns, **sides}) + "\n"
