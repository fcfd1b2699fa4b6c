"""The tests behind verdicts on repeats: Student's t, Fisher's exact test, and Holm's adjustment for many tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

_HALVINGS = 80


def student_beyond(t: float, freedom: int) -> float:
    """How often Student's t lies beyond +-t, either way: Abramowitz and Stegun 26.7.3 (odd) and 26.7.4 (even)."""
    angle = math.atan(t / math.sqrt(freedom))
    odd = freedom % 2
    term, total = (math.cos(angle) if odd else 1.0), 0.0
    for step in range(odd, freedom - 1, 2):
        total += term
        term *= math.cos(angle) ** 2 * (step + 1) / (step + 2)
    inside = 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
    return max(0.0, 1 - inside)


@lru_cache(maxsize=1024)
def student_limit(beyond: float, freedom: int) -> float:
    """The t beyond which, either way, Student's t lies in this share of all cases; by halving."""
    low, high = 0.0, 1.0
    while student_beyond(high, freedom) > beyond:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if student_beyond(middle, freedom) > beyond else (low, middle)
    return high


def more_often(base_hits: int, base_tries: int, head_hits: int, head_tries: int) -> float:
    """One-sided p of "no more often in head than in base", given how many hits there are in all.

    Source: Fisher, The logic of inductive inference, 1935 (his exact test of two binomials, by the hypergeometric
    distribution).
    """
    hits, tries = base_hits + head_hits, base_tries + head_tries
    most = min(hits, head_tries)
    log_all = _log_ways(head_tries, tries)
    return min(
        1.0,
        sum(
            math.exp(_log_ways(some, hits) + _log_ways(head_tries - some, tries - hits) - log_all)
            for some in range(max(head_hits, head_tries - (tries - hits)), most + 1)
        ),
    )


def holm(p_values: Sequence[float], tests: int = 0) -> tuple[float, ...]:
    """Adjusted p-values: with m tests, rejecting those of at most alpha raises any false alarm in alpha of all cases.

    `tests` is m, where there were more than are given here.

    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [1.0] * len(p_values)
    many = max(tests, len(order))
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, (many - rank) * p_values[place])
        adjusted[place] = min(1.0, largest)
    return tuple(adjusted)


def _log_ways(some: int, tries: int) -> float:
    """The logarithm of the number of ways in which so many of the tries can be the hits."""
    return math.lgamma(tries + 1) - math.lgamma(some + 1) - math.lgamma(tries - some + 1)
