"""What pairs can show: how often a comparison finds a change of some size, and how many pairs would decide."""

from __future__ import annotations

import math
from statistics import NormalDist

from bench.gates.paired.design import ALPHA_CONFIRM, ALPHA_LOOK, POWER
from bench.stats.signed_rank import attained_level

_NORMAL = NormalDist()
_HALVINGS = 60


def power(change: float, sd: float, pairs: int, fresh_pairs: int) -> float:
    """How often so many pairs find a change, a share, and so many fresh ones confirm it.

    `sd` is the standard deviation of a pair's log ratio. By the normal approximation, with the levels that the tests
    attain; the signed-rank test uses 3 / pi of its pairs where differences are normal (Hodges and Lehmann 1956), and
    one more pair pays for not knowing their spread. A second try at a confirmation is not counted.
    """
    size = math.log1p(change) / sd
    return _power_of_test(size, pairs, ALPHA_LOOK / 2) * _power_of_test(size, fresh_pairs, ALPHA_CONFIRM)


def _power_of_test(size: float, pairs: int, alpha: float) -> float:
    level = attained_level(pairs, alpha)
    used = 3 / math.pi * max(0, pairs - 1)
    return _NORMAL.cdf(size * math.sqrt(used) - _NORMAL.inv_cdf(1 - level)) if level else 0.0


def mde(sd: float, pairs: int, fresh_pairs: int) -> float:
    """The smallest change, as a share, whose `power` is 95 %; by halving, infinite where there are too few pairs."""
    low, high = 0.0, 10.0
    if power(high, sd, pairs, fresh_pairs) < POWER:
        return math.inf
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle, sd, pairs, fresh_pairs) < POWER else (low, middle)
    return high


def pairs_needed(middle: float, sd: float, limit: float) -> int:
    """How many pairs would decide, if their middle and their standard deviation stay as they are.

    So many that the interval around `middle` leaves out either zero or everything beyond `limit`; all are log ratios.
    """
    room = max(abs(middle), limit - abs(middle))
    return math.ceil((_NORMAL.inv_cdf(1 - ALPHA_LOOK / 2) * sd / room) ** 2)
