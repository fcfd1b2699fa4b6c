"""What so many hits of so many tries say of the true rate.

Exact one-sided 95 % bounds, after Clopper and Pearson, The use of confidence or fiducial limits illustrated in the
case of the binomial, 1934.
"""

from __future__ import annotations

import math

_OUTSIDE = 0.05
_HALVINGS = 60


def at_most(hits: int, tries: int) -> float:
    """The largest rate at which hits so few would still come up in 5 % of all cases; 1 where nothing was tried."""
    if hits >= tries:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most_hits(hits, tries, middle) > _OUTSIDE else (low, middle)
    return high


def at_least(hits: int, tries: int) -> float:
    """The smallest rate at which hits so many would still come up in 5 % of all cases; 0 where nothing was tried."""
    return 1 - at_most(tries - hits, tries)


def _at_most_hits(hits: int, tries: int, rate: float) -> float:
    """P(X <= hits), 0 < rate < 1; by logarithms, since the coefficients may be larger than any float."""
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    return sum(
        math.exp(_log_ways(some, tries) + some * log_rate + (tries - some) * log_rest)
        for some in range(hits + 1)
    )


def _log_ways(some: int, tries: int) -> float:
    """The logarithm of the number of ways in which so many of the tries can be the hits."""
    return math.lgamma(tries + 1) - math.lgamma(some + 1) - math.lgamma(tries - some + 1)
