"""The true rates that so many hits in so many tries leave possible: exact one-sided 95 % bounds.

Our own: SciPy (`scipy.stats.binomtest`) would add 143 MB to the development environment for these lines
(docs/architecture.md). The tests compare them with a printed table and with SciPy's answers.

Source: Clopper and Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial, 1934.
"""

from __future__ import annotations

import math

from bench.stats.fisher_test import log_ways

_OUTSIDE = 0.05
_HALVINGS = 60


def at_most(hits: int, tries: int) -> float:
    """The largest rate at which so few hits would still come up in 5 % of all cases; 1 where nothing was tried."""
    if hits >= tries:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _p_at_most(hits, tries, middle) > _OUTSIDE else (low, middle)
    return high


def at_least(hits: int, tries: int) -> float:
    """The smallest rate at which so many hits would still come up in 5 % of all cases; 0 where nothing was tried."""
    return 1 - at_most(tries - hits, tries)


def _p_at_most(hits: int, tries: int, rate: float) -> float:
    """P(X <= hits), 0 < rate < 1; by logarithms, since the coefficients may be larger than any float."""
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    return sum(
        math.exp(log_ways(some, tries) + some * log_rate + (tries - some) * log_rest)
        for some in range(hits + 1)
    )
