"""Where a history changes its level: change points, with as much doubt as the likeness of neighbours asks for.

The search is the divisive one that Hunter and Apache Otava use. E-divisive (Matteson and James,
https://arxiv.org/abs/1306.4933) chooses where to split. Hunter (Fleming et al.,
https://doi.org/10.1145/3578244.3583719) looks through a sliding window, believes a split by Student's t-test, with a
relaxed limit at first, and then takes out again, one by one, the splits that do not hold between their neighbours.

Why our own: Apache Otava 0.8.0 cannot be installed next to our packages, as it wants exactly NumPy 2.2.0 and the
clients of several clouds. The tests compare `split` with Otava's answers. Those differ in one thing: when Otava takes a
split out, it does not test the one before again, but the one after the next. In the same 500 series of independent
noise, 100 figures each, Otava finds splits in 8.2 %, `split` in 5.0 %.

Student's t, as in Otava, takes figures for independent. A machine has better and worse days, so that neighbours are
alike: then 28 % of series of AR(0.3) noise get a split, and 75 % of AR(0.6). The variance of a mean of n such figures
is not s^2 / n but s^2 / n times 1 + 2 (r1 + r2 + ...), with r_k the correlation of figures k apart (Bayley and
Hammersley, The effective number of independent observations in an autocorrelated time series, 1946). `change_points`
estimates this inflation and splits with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.stats.student_t import two_sided_p

_Figures: TypeAlias = NDArray[np.float64]

LEAST = 0.002
"""The smallest change of level that counts, as a share; the exact gate has the same."""

_WINDOW = 50
_P_VALUE = 0.001
_RELAXED = 10

_SHORT = 30
_FARTHEST = 10
_PARTS = 6
_MOST = 0.9
_CLIP = 2.5
_NORMAL_MAD = 1.4826


def change_points(figures: Sequence[float]) -> tuple[int, ...]:
    """The places at which a new level begins, in order; none is 0."""
    return split(figures, inflation=estimate_inflation(np.asarray(figures, float)))


# --- the search ----------------------------------------------------------------------------------


def split(figures: Sequence[float], least: float = LEAST, inflation: float = 1.0) -> tuple[int, ...]:
    """The places at which a level begins that differs by more than `least`, a share, in order; none is 0.

    `inflation` is how many times as large the variance of a mean is as of independent figures; 1 is Otava's own way.
    """
    series = np.asarray(figures, float)
    found: set[int] = set()
    start = 0
    while start < len(series):
        here = [start + place for place in _divide(series[start : start + _WINDOW], inflation)]
        found.update(here)
        start = max([start + _WINDOW // 2, *here])
    return _without_weak(series, sorted(found), least, inflation)


def _divide(window: _Figures, inflation: float) -> list[int]:
    """Split where the parts differ most, and so on in the parts, for as long as the next split is believed."""
    places: list[int] = []
    while True:
        ends = [0, *places, len(window)]
        parts = [(first, last) for first, last in pairwise(ends) if last - first > 1]
        if not parts:
            return places
        found = [(*_best(window[first:last]), first, last) for first, last in parts]
        _, place, first, last = max(found, key=lambda one: one[0])
        place += first
        if _p_value(window[first:place], window[place:last], inflation) > _RELAXED * _P_VALUE:
            return places
        places = sorted([*places, place])


def _best(part: _Figures) -> tuple[float, int]:
    """The largest difference Q between the figures before a place and those from it to any end, and that place.

    Q(X, Y) = 2mn/(m+n) (mean |x-y| - half the mean |x-x'| - half the mean |y-y'|) for n figures X and m figures Y.
    """
    count = len(part)
    sums = np.zeros((count + 1, count + 1))  # sums[i, j]: the distances of the first i figures to the first j
    sums[1:, 1:] = np.abs(part[:, None] - part).cumsum(0).cumsum(1)
    place, end = np.arange(1, count)[:, None], np.arange(2, count + 1)[None, :]
    n, m = place, end - place
    within_first = sums[place, place] / 2
    between = sums[place, end] - sums[place, place]
    within_second = (sums[end, end] - 2 * sums[place, end] + sums[place, place]) / 2
    alone = m * within_first / np.maximum(n - 1, 1) + n * within_second / np.maximum(m - 1, 1)
    q = np.where(m > 0, 2 / (n + m) * (between - alone), -np.inf)
    at = int(q.argmax())
    return float(q.flat[at]), at // q.shape[1] + 1


def _without_weak(series: _Figures, places: list[int], least: float, inflation: float) -> tuple[int, ...]:
    """The places that hold between their neighbours, after the others were taken out, the weakest first."""
    while places:
        ends = [0, *places, len(series)]
        parts = [
            (series[first:place], series[place:last])
            for first, place, last in zip(ends, ends[1:], ends[2:], strict=False)
        ]
        doubts = [_p_value(before, after, inflation) for before, after in parts]
        sizes = [_size(before, after) for before, after in parts]
        if max(doubts) >= _P_VALUE:
            del places[doubts.index(max(doubts))]
        elif min(sizes) <= least:
            del places[sizes.index(min(sizes))]
        else:
            break
    return tuple(places)


def _size(before: _Figures, after: _Figures) -> float:
    """The change of the mean as a share of the smaller of the two."""
    old, new = abs(float(before.mean())), abs(float(after.mean()))
    return math.inf if min(old, new) == 0 else max(old, new) / min(old, new) - 1


def _p_value(before: _Figures, after: _Figures, inflation: float) -> float:
    """Student's two-sided t-test; as in Otava, the variance of each side is the mean square, not the unbiased one.

    The degrees of freedom are those of as many independent figures as carry the same evidence.
    """
    n, m = len(before), len(after)
    gap = abs(float(before.mean() - after.mean()))
    if n + m < 3 or gap == 0:
        return 1.0
    pooled = ((n - 1) * float(before.var()) + (m - 1) * float(after.var())) / (n + m - 2)
    if pooled == 0:
        return 0.0
    freedom = max(1, int((n + m) / inflation) - 2)
    return two_sided_p(gap / math.sqrt(inflation * pooled * (1 / n + 1 / m)), freedom)


# --- how alike neighbours are -------------------------------------------------------------------


def estimate_inflation(series: _Figures) -> float:
    """How many times as large the variance of a mean is as of independent figures of the same spread; at least 1."""
    return _inflation_of_short(series) if len(series) < _SHORT else _inflation_of_long(series)


def _inflation_of_long(series: _Figures) -> float:
    """From the mean square differences v_k of figures k apart: r_k is 1 - v_k / v, with v of those far apart.

    Residuals around found levels would not do: in a long series likeness itself makes some levels. Differences are
    clipped, and only few of them straddle a step, so that a step hardly counts.
    """
    farthest = min(_FARTHEST, len(series) // _PARTS)
    squares = [_square(series, lag) for lag in range(1, farthest + 1)]
    near, far = squares[: farthest // 2], squares[farthest // 2 :]
    strangers = sum(far) / len(far)
    if not near[0] or not strangers:
        return 1.0
    return 1 + 2 * sum(takewhile(lambda r: r > 0, (1 - square / strangers for square in near)))


def _square(series: _Figures, lag: int) -> float:
    """The mean square difference of figures `lag` places apart, with differences clipped at some times the usual."""
    apart = np.abs(series[lag:] - series[:-lag])
    usual = _CLIP * _NORMAL_MAD * float(np.median(apart))
    return float(np.mean(np.minimum(apart, usual) ** 2))


def _inflation_of_short(series: _Figures) -> float:
    """As an AR(1), from the residuals around the levels that independent figures would have.

    A step is too large a part of so few figures to look past it. Fitted means make r1 smaller by about (1 + 4 r1) / n
    each (Kendall, Note on bias in the estimation of autocorrelation, 1954), which is added again.
    """
    ends = [0, *split(series.tolist()), len(series)]
    parts = [series[first:last] - series[first:last].mean() for first, last in pairwise(ends) if last > first]
    square = sum(float((part**2).sum()) for part in parts)
    if not square:
        return 1.0
    likeness = sum(float((part[1:] * part[:-1]).sum()) for part in parts) / square
    corrected = likeness + len(parts) * (1 + 4 * max(0.0, likeness)) / len(series)
    first = min(_MOST, max(0.0, corrected))
    return (1 + first) / (1 - first)
