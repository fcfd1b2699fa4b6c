"""The sign test, exact: in how many pairs one side comes out above the other. Ties say nothing and are dropped.

Which side of a pair comes first is drawn at random, so that under "no difference" either side of a pair is as likely
to be the one that a disturbance meets. Source: Hollander, Wolfe and Chicken, Nonparametric Statistical Methods,
chapter 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def p_above(differences: Sequence[float]) -> float:
    """One-sided p against "above zero": how likely so many pairs or more are above, where each sign is as likely."""
    above = sum(value > 0 for value in differences)
    signed = above + sum(value < 0 for value in differences)
    ways = sum(math.comb(signed, count) for count in range(above, signed + 1))
    return float(ways / 2**signed)
