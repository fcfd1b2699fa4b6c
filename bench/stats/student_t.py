"""Student's t distribution, both tails together: p-values and critical values.

Our own: `scipy.stats` would add 143 MB and a second to `bench compare` and `bench history` (docs/architecture.md). The
tests compare it with tables and with SciPy's answers.
"""

from __future__ import annotations

import math
from functools import lru_cache

_HALVINGS = 80


def two_sided_p(t: float, freedom: int) -> float:
    """The probability that Student's t lies beyond -t or t, with `freedom` degrees of freedom.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 (odd) and 26.7.4 (even).
    """
    angle = math.atan(t / math.sqrt(freedom))
    odd = freedom % 2
    term, total = (math.cos(angle) if odd else 1.0), 0.0
    for step in range(odd, freedom - 1, 2):
        total += term
        term *= math.cos(angle) ** 2 * (step + 1) / (step + 2)
    inside = 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
    return max(0.0, 1 - inside)


@lru_cache(maxsize=1024)
def critical_t(p: float, freedom: int) -> float:
    """The t whose two-sided p-value is `p`, by halving."""
    low, high = 0.0, 1.0
    while two_sided_p(high, freedom) > p:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided_p(middle, freedom) > p else (low, middle)
    return high
