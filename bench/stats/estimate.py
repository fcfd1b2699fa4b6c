"""The absolute figure that the rounds of a measurement give; how two of them differ is the matter of `comparison`."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


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


def estimate(repeats: Iterable[float | None]) -> Estimate | None:
    """The estimate from one figure a repeat; those without do not count in `n`, none at all gives None."""
    figures = [figure for figure in repeats if figure is not None and math.isfinite(figure)]
    if not figures:
        return None
    return Estimate(statistics.median(figures), min(figures), max(figures), len(figures))


def geometric_mean(figures: Sequence[float | None]) -> float | None:
    """The geometric mean: ratios of means are means of ratios. None unless every figure is positive."""
    present = [figure for figure in figures if figure is not None and figure > 0]
    if not present or len(present) < len(figures):
        return None
    return statistics.geometric_mean(present)
