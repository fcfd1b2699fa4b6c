"""The knee of a curve: where more load begins to cost much more time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_FEWEST = 4
_RISE = 2.0


def knee(points: Sequence[tuple[float, float]]) -> float | None:
    """The x at which a rising, convex curve turns up; None for fewer than four points, or one that hardly rises.

    With both axes scaled to [0, 1], it is where the curve lies furthest below its chord: the largest x - y (the
    "Kneedle" of Satopaa, Albrecht, Irwin and Raghavan, Finding a "Kneedle" in a Haystack, ICDCS Workshops 2011, section
    III, for a convex increasing curve and without the smoothing, for which the points are too few).
    """
    if len(points) < _FEWEST:
        return None
    x, y = np.array(sorted(points)).T
    if y.max() < _RISE * y.min() or x[0] == x[-1]:
        return None
    below = (x - x[0]) / (x[-1] - x[0]) - (y - y.min()) / (y.max() - y.min())
    at = int(np.argmax(below))
    return float(x[at]) if 0 < at < len(x) - 1 else None
