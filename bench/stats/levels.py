"""Where a new level begins in figures whose neighbours are alike, as a machine has better and worse days.

Student's t takes figures for independent. Where they are not, the variance of a mean of n of them is not s^2 / n but
s^2 / n times 1 + 2 (r1 + r2 + ...), with r_k the correlation of figures k apart (Bayley and Hammersley, The effective
number of independent observations in an autocorrelated time series, 1946).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile

import numpy as np
from numpy.typing import NDArray

from bench.stats.change_points import change_points

_SHORT = 30
_FARTHEST = 10
_PARTS = 6
_MOST = 0.9
_CLIP = 2.5
_NORMAL_MAD = 1.4826


def new_levels(figures: Sequence[float]) -> tuple[int, ...]:
    """The places at which a new level begins, in order, with as much doubt as their likeness asks for."""
    series = np.asarray(figures, float)
    return change_points(figures, inflation=inflation(series))


def inflation(series: NDArray[np.float64]) -> float:
    """How many times as large the variance of a mean is as of independent figures of the same spread; at least 1."""
    return _of_short(series) if len(series) < _SHORT else _of_long(series)


def _of_long(series: NDArray[np.float64]) -> float:
    """From the mean square differences v_k of figures k apart: r_k is 1 - v_k / v, with v of those far apart.

    Levels that were found would not do: in a long series likeness itself makes some. Differences are clipped, and only
    few of them straddle a step, so that it hardly counts.
    """
    farthest = min(_FARTHEST, len(series) // _PARTS)
    squares = [_square(series, lag) for lag in range(1, farthest + 1)]
    near, far = squares[: farthest // 2], squares[farthest // 2 :]
    strangers = sum(far) / len(far)
    if not near[0] or not strangers:
        return 1.0
    return 1 + 2 * sum(takewhile(lambda r: r > 0, (1 - square / strangers for square in near)))


def _square(series: NDArray[np.float64], lag: int) -> float:
    """The mean square difference of figures `lag` places apart, with differences clipped at some times the usual."""
    apart = np.abs(series[lag:] - series[:-lag])
    usual = _CLIP * _NORMAL_MAD * float(np.median(apart))
    return float(np.mean(np.minimum(apart, usual) ** 2))


def _of_short(series: NDArray[np.float64]) -> float:
    """As an AR(1), from the residuals around the levels that independent figures would have.

    A step is too large a part of so few figures to look past it. Fitted means make r1 smaller by about (1 + 4 r1) / n
    each (Kendall, Note on bias in the estimation of autocorrelation, 1954), which is added again.
    """
    ends = [0, *change_points(series.tolist()), len(series)]
    parts = [series[first:last] - series[first:last].mean() for first, last in pairwise(ends) if last > first]
    square = sum(float((part**2).sum()) for part in parts)
    if not square:
        return 1.0
    likeness = sum(float((part[1:] * part[:-1]).sum()) for part in parts) / square
    corrected = likeness + len(parts) * (1 + 4 * max(0.0, likeness)) / len(series)
    first = min(_MOST, max(0.0, corrected))
    return (1 + first) / (1 - first)
