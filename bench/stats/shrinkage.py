"""Variances of many alike things borrow strength from each other: how much, by their own scatter."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

_FEWEST = 4
_AT_MOST = 3


def prior_freedom(variances: Sequence[float], degree: int) -> int:
    """How many degrees of freedom the mean of several variances is worth for the variance of one of them.

    `degree` are those of each. The more the variances differ, beyond what their own degrees of freedom explain, the
    fewer: were variances scaled inverse chi-square, their ratios would be F distributed, whose moments give the number.
    Noise that all share (an anchor's, a base's) makes them look more alike than they are, so that the mean is never
    worth more than three times the degrees of one. 0 below four variances.
    Source: Smyth, Linear models and empirical Bayes methods for assessing differential expression, 2004 (by moments
    here).
    """
    if len(variances) < _FEWEST:
        return 0
    middle = statistics.fmean(variances)
    if not middle:
        return 0
    scatter = degree * statistics.variance(variances) / middle**2
    most = _AT_MOST * degree
    return most if scatter <= 2 else min(most, int((4 * scatter + 2 * degree - 4) / (scatter - 2)))
