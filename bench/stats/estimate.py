"""The estimate that the repeats of a measurement give, and the comparison of two estimates: the rule of difference.

The unit of evidence is a repeat (a fresh server each), never a request: requests of one server share its
luck. The median is used because one disturbed repeat must not move the figure, and the plain range because
three repeats carry no better interval.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.stats.format import NO_EVIDENCE, times

Direction = Literal["higher", "lower", "no evidence"]
"""Of a difference that two sets of repeats show."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The median of `n` repeats with their range: `low` and `high` are the smallest and the largest repeat.

    The range is no confidence interval. Of a percentile, this is the median over repeats of each repeat's
    percentile, which is not the percentile of all requests together.
    """

    median: float
    low: float
    high: float
    n: int

    @property
    def spread(self) -> float | None:
        """The range as a share of the median; None with fewer than two repeats, which have no spread."""
        return (self.high - self.low) / self.median if self.n > 1 and self.median > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many times as large the median of head is; `low` and `high` are the extreme ratios of two repeats.

    The direction is "no evidence" where the ranges of the repeats overlap or touch, or a side has one repeat. A
    difference is `clear` where they lie further apart than either is wide: with three repeats two equal things are so
    once in 130 comparisons (normal noise, simulated), while their ranges merely part once in ten.
    """

    ratio: float
    low: float
    high: float
    direction: Direction
    clear: bool = False

    @property
    def shown(self) -> bool:
        """Whether the repeats show a difference."""
        return self.direction != "no evidence"

    @property
    def text(self) -> str:
        """`1.31 ×`, or `~` where there is no evidence."""
        return times(self.ratio) if self.shown else NO_EVIDENCE


def estimate(repeats: Iterable[float | None]) -> Estimate | None:
    """The estimate from one figure a repeat; those without do not count in `n`, none at all gives None."""
    figures = [figure for figure in repeats if figure is not None and math.isfinite(figure)]
    if not figures:
        return None
    return Estimate(statistics.median(figures), min(figures), max(figures), len(figures))


def compare(base: Estimate | None, head: Estimate | None) -> Comparison | None:
    """The ratio head / base; None where a side is missing or the base reaches down to zero."""
    if base is None or head is None or base.low <= 0:
        return None
    direction = _direction(base, head)
    gap = max(head.low - base.high, base.low - head.high)
    clear = direction != "no evidence" and gap > max(head.high - head.low, base.high - base.low)
    return Comparison(
        ratio=head.median / base.median,
        low=head.low / base.high,
        high=head.high / base.low,
        direction=direction,
        clear=clear,
    )


def _direction(base: Estimate, head: Estimate) -> Direction:
    if min(base.n, head.n) < 2:
        return "no evidence"
    if head.low > base.high:
        return "higher"
    return "lower" if head.high < base.low else "no evidence"


def chance(n_base: int, n_head: int) -> float:
    """How often the ranges of two equal things fall apart by chance: 2 / C(n + m, n) for any distribution."""
    return min(1.0, 2 / math.comb(n_base + n_head, n_base))


def geometric_mean(figures: Sequence[float | None]) -> float | None:
    """The geometric mean: ratios of means are means of ratios. None unless every figure is positive."""
    present = [figure for figure in figures if figure is not None and figure > 0]
    if not present or len(present) < len(figures):
        return None
    return statistics.geometric_mean(present)
