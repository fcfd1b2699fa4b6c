"""What the repeats of a measurement say, and what two sets of repeats say about each other.

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

Verdict = Literal["higher", "lower", "no evidence"]

NO_EVIDENCE = "~"


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many times as large the new median is; `low` and `high` are the extreme ratios of two repeats.

    The verdict is "no evidence" where the ranges of the repeats overlap or touch, or a side has one repeat. A
    difference is `clear` where they lie further apart than either is wide: with three repeats two equal things are so
    once in 130 comparisons (normal noise, simulated), while their ranges merely part once in ten.
    """

    ratio: float
    low: float
    high: float
    verdict: Verdict
    clear: bool = False

    @property
    def shown(self) -> bool:
        """Whether the repeats bear a difference out."""
        return self.verdict != "no evidence"

    @property
    def text(self) -> str:
        """`1.31 ×`, or `~` where there is no evidence."""
        return times(self.ratio) if self.shown else NO_EVIDENCE


def times(ratio: float) -> str:
    """A ratio in three digits or so: `0.043 ×`, `1.31 ×`, `14.2 ×`, `1,460 ×`."""
    for limit, digits in ((0.0995, 3), (9.995, 2), (99.95, 1)):
        if ratio < limit:
            return f"{ratio:.{digits}f} ×"
    return f"{ratio:,.0f} ×"


def estimate(repeats: Iterable[float | None]) -> Estimate | None:
    """The estimate from one figure a repeat; those without do not count in `n`, none at all gives None."""
    figures = [figure for figure in repeats if figure is not None and math.isfinite(figure)]
    if not figures:
        return None
    return Estimate(statistics.median(figures), min(figures), max(figures), len(figures))


def compare(base: Estimate | None, new: Estimate | None) -> Comparison | None:
    """The ratio new / base; None where a side is missing or the base reaches down to zero."""
    if base is None or new is None or base.low <= 0:
        return None
    verdict = _verdict(base, new)
    gap = max(new.low - base.high, base.low - new.high)
    clear = verdict != "no evidence" and gap > max(new.high - new.low, base.high - base.low)
    return Comparison(new.median / base.median, new.low / base.high, new.high / base.low, verdict, clear)


def _verdict(base: Estimate, new: Estimate) -> Verdict:
    if min(base.n, new.n) < 2:
        return "no evidence"
    if new.low > base.high:
        return "higher"
    return "lower" if new.high < base.low else "no evidence"


def chance(n_base: int, n_new: int) -> float:
    """How often the ranges of two equal things fall apart by chance: 2 / C(n + m, n) for any distribution."""
    return min(1.0, 2 / math.comb(n_base + n_new, n_base))


def geometric_mean(figures: Sequence[float | None]) -> float | None:
    """The geometric mean: ratios of means are means of ratios. None unless every figure is positive."""
    present = [figure for figure in figures if figure is not None and figure > 0]
    if not present or len(present) < len(figures):
        return None
    return statistics.geometric_mean(present)
