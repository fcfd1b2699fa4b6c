"""The sign test, exact: in how many pairs the head comes out above the base. Ties are dropped.

Which arm of a pair comes first is drawn at random, so that under "no difference" a disturbance hits either arm with
equal chance. Source: Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, chapter 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def p_above(differences: Sequence[float]) -> float:
    """One-sided p against "above zero": the chance of at least so many positive signs where each sign is as likely."""
    above = sum(value > 0 for value in differences)
    signed = above + sum(value < 0 for value in differences)
    ways = sum(math.comb(signed, count) for count in range(above, signed + 1))
    return float(ways / 2**signed)
