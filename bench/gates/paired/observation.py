"""One pair of servers under one scenario: slices, turns, and the ratio of each metric."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

METRICS = ("cpu", "throughput", "p50", "p99")

ArmName = Literal["base", "head"]
ARMS: tuple[ArmName, ArmName] = ("base", "head")


@dataclass(frozen=True, slots=True)
class ArmSlice:
    """A fixed number of sessions on one server: requests, wall time, the server's CPU time, and the gate's own."""

    requests: int
    wall_ns: int
    cpu_ns: int
    own_cpu_ns: int = 0

    @property
    def cpu_us(self) -> float:
        """CPU time per request."""
        return self.cpu_ns / 1e3 / self.requests

    @property
    def rate_per_s(self) -> float:
        return self.requests / self.wall_ns * 1e9


@dataclass(frozen=True, slots=True)
class Turn:
    """A slice of either server, one right after the other."""

    base: ArmSlice
    head: ArmSlice


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSummary:
    """Figures of one server of a pair in addition to its turns; response times are those at the fixed rate.

    `late_p99_ms` is how late the gate sent requests for which a connection was free.
    """

    p50_ms: float | None
    p99_ms: float | None
    errors: int
    requests: int
    faults: tuple[str, ...] = ()
    late_p99_ms: float | None = None

    @property
    def error_share(self) -> float:
        """Failed requests over all; 0 without any request."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Observation:
    """One pair under one scenario: the unit of evidence."""

    turns: tuple[Turn, ...]
    base: ArmSummary
    head: ArmSummary

    def log_ratio(self, metric: str) -> float | None:
        """The logarithm of head / base; the median over turns, so that one disturbed turn does not move it."""
        if metric in ("p50", "p99"):
            base_ms, head_ms = (getattr(summary, f"{metric}_ms") for summary in (self.base, self.head))
            return math.log(head_ms / base_ms) if base_ms and head_ms else None
        return statistics.median(log_ratios(self.turns, metric)) if self.turns else None

    def level(self, metric: str, arm: ArmName) -> float | None:
        """The figure of one arm: microseconds, requests per second, or milliseconds."""
        if metric in ("p50", "p99"):
            level_ms: float | None = getattr(getattr(self, arm), f"{metric}_ms")
            return level_ms
        figures = [figure(getattr(turn, arm), metric) for turn in self.turns]
        return statistics.median(figures) if figures else None

    def own_cpu_share(self, arm: ArmName) -> float:
        """The gate's own CPU time over the wall time of one arm's slices; 0 without any slice."""
        slices = [getattr(turn, arm) for turn in self.turns]
        wall_ns = sum(one.wall_ns for one in slices)
        return sum(one.own_cpu_ns for one in slices) / wall_ns if wall_ns else 0.0


def figure(one: ArmSlice, metric: str) -> float:
    """CPU microseconds per request, or requests per second."""
    return one.cpu_us if metric == "cpu" else one.rate_per_s


def log_ratios(turns: Sequence[Turn], metric: str) -> list[float]:
    """The logarithm of head / base, turn by turn."""
    return [math.log(figure(turn.head, metric) / figure(turn.base, metric)) for turn in turns]


def line(look: str, scenario: str, one: Observation, seed: int) -> str:
    """A pair as a line of JSON; a slice is [requests, wall ns, the server's CPU ns, the gate's own CPU ns]."""
    turns = {
        arm: [
            [piece.requests, piece.wall_ns, piece.cpu_ns, piece.own_cpu_ns]
            for piece in (getattr(turn, arm) for turn in one.turns)
        ]
        for arm in ARMS
    }
    summaries = {arm: asdict(getattr(one, arm)) for arm in ARMS}
    return json.dumps({"seed": seed, "look": look, "scenario": scenario, "turns": turns, **summaries}) + "\n"
