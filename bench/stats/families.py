"""Critical values for families of comparisons with a common base, each with a variance of its own.

Dunnett (1955) pools one variance over all treatments. Setups differ in theirs (several workers on one core vary three
times as much as one), so each comparison is studentised by its own, and the critical value is the quantile of the
largest |t| of such a family, by simulation with a fixed seed: of so many families that it is exact to about 1 %.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from bench.stats.student_t import critical_t

_ALPHA = 0.05
_FAMILIES, _FEWER = 100_000, 20_000
_FEW_ROUNDS = 10
"""The tails of few rounds are heavy: their quantile wants more families."""
_CHUNK = 10_000
_SEED = 20_261_129
_NORMAL_FROM = 60
"""With so many rounds the quantile changes by less than 1 % for twice as many."""


_MOST_ROUNDS = 10_000


def rounds_needed(rounds: int, reach: float, room: float) -> int:
    """How many rounds would narrow an interval from `reach`, which so many gave, to `room` either way.

    It narrows with the root of the rounds and as Student's t falls with more of them; both are log ratios.
    """

    def width(count: int) -> float:
        return critical_t(_ALPHA, count - 1) / math.sqrt(count)

    few, many = rounds, rounds + 1
    while width(many) * reach / width(rounds) > room and many < _MOST_ROUNDS:
        few, many = many, many * 2
    while few < many - 1:
        middle = (few + many) // 2
        few, many = (middle, many) if width(middle) * reach / width(rounds) > room else (few, middle)
    return many


@lru_cache(maxsize=256)
def dunnett_critical(comparisons: int, rounds: int) -> float:
    """How many standard errors the intervals of so many comparisons reach, so that all hold in 95 % of families.

    One comparison needs Student's t with `rounds` - 1 degrees of freedom. Raises ValueError below two rounds.
    """
    if rounds < 2:
        raise ValueError("an interval needs at least two rounds")
    if comparisons <= 1:
        return critical_t(_ALPHA, rounds - 1)
    rng = np.random.default_rng(_SEED)
    rounds = min(rounds, _NORMAL_FROM)
    largest = []
    for _ in range((_FAMILIES if rounds <= _FEW_ROUNDS else _FEWER) // _CHUNK):
        noise = rng.standard_normal((_CHUNK, rounds, comparisons + 1), dtype=np.float32)
        ratios = noise[:, :, 1:] - noise[:, :, :1]
        spread = ratios.std(axis=1, ddof=1) / np.sqrt(rounds)
        largest.append((np.abs(ratios.mean(axis=1)) / spread).max(axis=1))
    return float(np.quantile(np.concatenate(largest), 1 - _ALPHA))
