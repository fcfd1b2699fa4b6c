"""Where a series of figures changes its level: the divisive search that Hunter and Apache Otava use.

E-divisive (Matteson and James, https://arxiv.org/abs/1306.4933) chooses where to split. Hunter (Fleming et al.,
https://doi.org/10.1145/3578244.3583719) looks through a window that slides, believes a split by Student's t-test, with
a relaxed limit at first, and then takes out again, one by one, those that do not hold between their neighbours.

Apache Otava 0.8.0 itself cannot be installed beside our packages: it wants NumPy 2.2.0 to the digit, and the clients of
several clouds. The tests hold this against its answers. Those differ in one thing: when it takes a split out, it does
not test the one before again, but the one after the next. Of the same 500 series of independent noise, 100 figures
each, it finds splits in 8.2 %, this in 5.0 %.

Student's t takes figures for independent, as Otava does. Where neighbours are alike, the caller says by how much that
inflates the variance of a mean: else 28 % of series of AR(0.3) noise get a split, and 75 % of AR(0.6).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.stats.student_t import two_sided_p

_Figures: TypeAlias = NDArray[np.float64]

_WINDOW = 50
_P_VALUE = 0.001
_RELAXED = 10
LEAST = 0.002
"""The smallest change of level that is told, as a share; the exact gate has the same."""


def change_points(figures: Sequence[float], least: float = LEAST, inflation: float = 1.0) -> tuple[int, ...]:
    """The places at which a new level begins, in order; none is 0.

    `inflation` is how many times as large the variance of a mean is as of independent figures; 1 is Otava's own way.
    """
    series = np.asarray(figures, float)
    found: set[int] = set()
    start = 0
    while start < len(series):
        here = [start + place for place in _splits(series[start : start + _WINDOW], inflation)]
        found.update(here)
        start = max([start + _WINDOW // 2, *here])
    return _holding(series, sorted(found), least, inflation)


def _splits(window: _Figures, inflation: float) -> list[int]:
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


def _holding(series: _Figures, places: list[int], least: float, inflation: float) -> tuple[int, ...]:
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

    So many figures count as there would have to be independent ones.
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
