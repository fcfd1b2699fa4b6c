"""Wilcoxon's signed-rank test and the estimate that belongs to it, exact for any number of pairs.

The order within a pair is drawn at random, so that under "no difference" both signs of a difference are equally likely,
whatever drifts: the distribution below then holds by design. Source: Hollander, Wolfe and Chicken,
Nonparametric Statistical Methods, chapter 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_MOST_PAIRS = 400


@dataclass(frozen=True, slots=True)
class RankEstimate:
    """Hodges and Lehmann's estimate with its exact interval, which is infinite where there are too few pairs."""

    estimate: float
    low: float
    high: float


def hodges_lehmann(differences: Sequence[float], alpha: float) -> RankEstimate:
    """The median of the pairwise means, and the interval of values that a two-sided test at `alpha` does not reject.

    Raises ValueError without differences.
    """
    means = np.sort(_walsh(differences))
    lower = _cumulative(len(differences))
    outside = int(np.searchsorted(lower, alpha / 2, side="right"))  # so many rank sums have at most alpha / 2
    if outside == 0:
        return RankEstimate(float(np.median(means)), -np.inf, np.inf)
    return RankEstimate(float(np.median(means)), float(means[outside - 1]), float(means[-outside]))


def walsh_median(values: Sequence[float]) -> float:
    """Hodges and Lehmann's estimate alone: the median of the pairwise means. Raises ValueError without values."""
    return float(np.median(_walsh(values)))


def p_value(differences: Sequence[float]) -> float:
    """Two-sided p of "no difference"; differences of zero count for neither sign.

    Raises ValueError without differences.
    """
    return min(1.0, 2 * min(p_above(differences), p_above([-value for value in differences])))


def p_above(differences: Sequence[float]) -> float:
    """One-sided p against "above zero": the chance of so large a rank sum where there is no difference."""
    means = _walsh(differences)
    at_most = int(np.count_nonzero(means <= 0))  # the rank sum of the differences that are not above zero
    return float(_cumulative(len(differences))[at_most])


@lru_cache
def attained_level(pairs: int, alpha: float) -> float:
    """The largest one-sided level of at most `alpha` that the test can have: its p-values come in steps."""
    steps = _cumulative(pairs)
    return float(steps[steps <= alpha][-1]) if steps[0] <= alpha else 0.0


def _walsh(differences: Sequence[float]) -> NDArray[np.float64]:
    """Walsh's averages: the means of all pairs of differences, each paired with itself as well."""
    count = len(differences)
    if not 0 < count <= _MOST_PAIRS:
        raise ValueError(f"{count} differences; there must be 1 to {_MOST_PAIRS}")
    values = np.asarray(differences, dtype=np.float64)
    rows, columns = np.triu_indices(count)
    return (values[rows] + values[columns]) / 2


@lru_cache
def _cumulative(count: int) -> NDArray[np.float64]:
    """P(rank sum <= t) for t = 0 .. n (n + 1) / 2, where both signs of each rank 1 .. n are equally likely."""
    ways = np.zeros(count * (count + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, count + 1):
        with_rank = np.zeros_like(ways)
        with_rank[rank:] = ways[:-rank]
        ways = (ways + with_rank) / 2
    cumulative = np.cumsum(ways)
    cumulative.setflags(write=False)
    return cumulative
