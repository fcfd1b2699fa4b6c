"""How many times as much one cell has of a quantity as another, with its 95 % interval from the repeats."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.results.cells import CellResults
from bench.stats.format import NOTHING, times
from bench.stats.metrics import Metric

T_975 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)
"""Student's t at 97.5 % for 1 to 20 degrees of freedom; for more, the last one, which is a little too wide."""


@dataclass(frozen=True, slots=True)
class RatioInterval:
    """The geometric mean of some ratios and its 95 % interval, which a single ratio does not have."""

    middle: float
    low: float | None
    high: float | None
    n: int

    @property
    def text(self) -> str:
        """`3.10 × (2.90 to 3.31)`"""
        if self.low is None or self.high is None:
            return f"{times(self.middle)} (no interval: a single repeat)"
        return f"{times(self.middle)} ({times(self.low)[:-2]} to {times(self.high)[:-2]})"


def interval(ratios: Sequence[float]) -> RatioInterval:
    """The t interval of the mean logarithm: repeats are independent, and the logarithms of ratios about normal."""
    logs = [math.log(ratio) for ratio in ratios]
    mean, n = statistics.fmean(logs), len(logs)
    if n < 2:
        return RatioInterval(math.exp(mean), None, None, n)
    reach = T_975[min(n - 2, len(T_975) - 1)] * statistics.stdev(logs) / math.sqrt(n)
    return RatioInterval(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach), n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A metric of the head over the base's; repeats are paired, as those of one round follow each other closely.

    `apart` says that no repeat of one lies within the range of the other's. A difference is shown where they are, and
    the interval leaves out 1, too.
    """

    base: CellResults
    head: CellResults
    metric: Metric
    interval: RatioInterval
    apart: bool

    @property
    def direction(self) -> Literal["higher", "lower", "not settled"]:
        low, high = self.interval.low, self.interval.high
        if not self.apart or low is None or high is None or low <= 1 <= high:
            return "not settled"
        return "higher" if low > 1 else "lower"

    @property
    def shown(self) -> bool:
        return self.direction != "not settled"

    @property
    def grows(self) -> bool:
        """Whether a side is a bystander's wait that grew for as long as its cell lasted: the ratio grows with it."""
        return self.head.grows(self.metric) or self.base.grows(self.metric)

    @property
    def text(self) -> str:
        """The ratio with its interval; nothing where it grows."""
        return NOTHING if self.grows else self.interval.text

    @property
    def waits(self) -> str:
        """`at least 1,820 ms next to io-misuse, 2.50 ms next to io-async`: what is known where a ratio grows."""
        sides = (self.head, self.base)
        return ", ".join(f"{cell.words(self.metric)} next to {cell.scenario}" for cell in sides)

    @property
    def strength(self) -> float:
        """How far from 1, either way."""
        return abs(math.log(self.interval.middle))


def ratio(base: CellResults, head: CellResults, metric: Metric) -> Ratio | None:
    """The ratio over the repeats that both have; None unless both cells are valid and measured."""
    found = head.against(base, metric)
    if found is None:
        return None
    theirs, mine = _by_repeat(base, metric), _by_repeat(head, metric)
    ratios = [mine[repeat] / theirs[repeat] for repeat in sorted(mine.keys() & theirs.keys())]
    return (
        Ratio(base=base, head=head, metric=metric, interval=interval(ratios), apart=found.shown)
        if ratios
        else None
    )


def _by_repeat(cell: CellResults, metric: Metric) -> dict[int, float]:
    figures = {record.cell.repeat: metric.of(record) for record in cell.records}
    return {repeat: figure for repeat, figure in figures.items() if figure is not None and figure > 0}


def crossover(levels: Mapping[int, Ratio]) -> float | None:
    """The users at which a shown ratio passes 1, between the last shown level on one side and the next on the other.

    The logarithm of the ratio is taken to be straight over the logarithm of the users. None where no two shown levels
    lie on different sides.
    """
    shown = [(users, found) for users, found in sorted(levels.items()) if found.shown]
    for (few, before), (many, after) in itertools.pairwise(shown):
        if before.direction != after.direction:
            first, last = math.log(before.interval.middle), math.log(after.interval.middle)
            share = first / (first - last)
            return math.exp(math.log(few) + share * (math.log(many) - math.log(few)))
    return None
