"""Variances of several alike comparisons that borrow strength from each other."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

_FEWEST = 4
"""Variances; of fewer nothing is known of how much they differ."""


def prior_degrees(variances: Sequence[float], degrees: int, most: int) -> int:
    """How many degrees of freedom the mean of some variances is worth for one of them, `most` at the most.

    Each variance has `degrees` of its own. The more they differ, beyond what these explain, the fewer: were variances
    scaled inverse chi-square, their ratios would be F distributed, whose moments give the number.
    Source: Smyth, Linear models and empirical Bayes methods for assessing differential expression, 2004 (by moments
    here).
    """
    middle = statistics.fmean(variances)
    if len(variances) < _FEWEST or not middle:
        return 0
    scatter = degrees * statistics.variance(variances) / middle**2
    return most if scatter <= 2 else min(most, int((4 * scatter + 2 * degrees - 4) / (scatter - 2)))


def moderate(variances: Sequence[float], degrees: int, prior: int) -> list[float]:
    """Each variance drawn towards their mean, which counts with `prior` degrees of freedom."""
    middle = statistics.fmean(variances)
    return [(prior * middle + degrees * variance) / (prior + degrees) for variance in variances]
