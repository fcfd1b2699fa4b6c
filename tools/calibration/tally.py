"""Runs -> rates with their bounds."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.model.change import Change, Verdict
from tools.calibration.binomial import at_least, at_most
from tools.calibration.faults import FAULTS, GATES, Gate
from tools.calibration.gate_run import GateRun


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, with exact one-sided bounds of 95 %."""

    hits: int
    tries: int

    @property
    def at_most(self) -> float:
        return at_most(self.hits, self.tries)

    @property
    def at_least(self) -> float:
        return at_least(self.hits, self.tries)

    def __str__(self) -> str:
        return f"{self.hits} of {self.tries}"


@dataclass(frozen=True, slots=True)
class GateGroup:
    """All runs of one gate over one fault, of one length."""

    gate: Gate
    fault: str
    seconds: float | None
    trials: tuple[GateRun, ...]

    @property
    def alarm_rate(self) -> Rate:
        """The runs that called anything worse to which nothing was done, of those in which there was such."""
        able = [one for one in self.trials if one.untouched]
        return Rate(sum(bool(one.alarms()) for one in able), len(able))

    @property
    def untouched_verdicts(self) -> Counter[Verdict | None]:
        """The verdicts on scenarios without a fault, and on the memory of all of them in a run without any."""
        return Counter(one.verdict(name) for one in self.trials for name in one.untouched)

    @property
    def alarms(self) -> tuple[Change, ...]:
        """The metrics called worse though nothing was done to them."""
        return tuple(row for one in self.trials for row in one.alarms())

    @property
    def spoiled_verdicts(self) -> Counter[Verdict | None]:
        """The verdicts on scenarios with a fault."""
        return Counter(one.verdict(name) for one in self.trials for name in one.spoiled)

    @property
    def detection_rate(self) -> Rate:
        return Rate(self.spoiled_verdicts["regressed"], self.spoiled_verdicts.total())

    @property
    def misses(self) -> Counter[str]:
        """By scenario, how often its fault was not found."""
        return Counter(
            name for one in self.trials for name in one.spoiled if one.verdict(name) != "regressed"
        )

    @property
    def metrics_of_detections(self) -> Counter[str]:
        """By metric, how often it was that which was called worse where a fault is."""
        return Counter(row.metric for row in self._spoiled_rows() if row.verdict == "regressed")

    def ratios(self, metric: str) -> list[float]:
        """The ratios head / base of a metric, where a fault is."""
        return [row.ratio for row in self._spoiled_rows() if row.metric == metric and row.ratio is not None]

    def mde(self, metric: str) -> float | None:
        """The smallest change that would be found, in the median over all rows."""
        found = [
            row.mde for one in self.trials for row in one.rows if row.metric == metric and row.mde is not None
        ]
        return statistics.median(found) if found else None

    @property
    def median_s(self) -> float:
        return statistics.median(one.took_s for one in self.trials)

    @property
    def longest_s(self) -> float:
        return max(one.took_s for one in self.trials)

    def _spoiled_rows(self) -> Iterator[Change]:
        return (row for one in self.trials for name in one.spoiled for row in one.rows_of(name))


def groups(trials: Iterable[GateRun]) -> list[GateGroup]:
    """By gate, fault and length, in the order in which they are named; what came to no verdict is left out."""
    found: dict[tuple[Gate, str, float | None], list[GateRun]] = {}
    for one in trials:
        if not one.error:
            found.setdefault((one.gate, one.fault, one.seconds), []).append(one)
    order = list(FAULTS)
    keys = sorted(found, key=lambda key: (GATES.index(key[0]), order.index(key[1]), key[2] or 0))
    return [GateGroup(*key, tuple(found[key])) for key in keys]


def false_alarms(untouched: Counter[Verdict | None]) -> Rate:
    """The rate of false alarms: unchanged and called worse."""
    return Rate(untouched["regressed"], untouched.total())


def merge(some: Sequence[GateGroup]) -> Counter[Verdict | None]:
    """The verdicts on untouched scenarios in all of these."""
    return sum((group.untouched_verdicts for group in some), Counter())
