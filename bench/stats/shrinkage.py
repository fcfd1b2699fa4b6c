"""Variances of many alike things borrow strength from each other: how much, by their own scatter."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_FEWEST = 4
_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Family:
    """Comparisons with one base that are made together: how many, and what their variances say of one of them.

    `variance` is the mean of the variances of their log ratios, and worth `freedom` degrees (0: of nothing).
    """

    comparisons: int
    variance: float = 0.0
    freedom: int = 0


def family_of(log_ratios: Sequence[Sequence[float]]) -> Family:
    """The family of comparisons with these log ratios, one a round; unequal numbers of rounds lend nothing."""
    counts = {len(logs) for logs in log_ratios}
    if len(counts) != 1 or min(counts) < 2:
        return Family(len(log_ratios))
    variances = [statistics.variance(logs) for logs in log_ratios]
    return Family(len(log_ratios), statistics.fmean(variances), prior_freedom(variances, min(counts) - 1))


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
