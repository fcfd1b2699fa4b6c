"""Corrections for many tests at once: Holm's adjustment of p-values."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float], tests: int = 0) -> tuple[float, ...]:
    """Adjust p-values so that rejecting those of at most alpha raises any false alarm in at most alpha of all families.

    `tests` is the size of the family where it has more tests than p-values given here.

    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [1.0] * len(p_values)
    family = max(tests, len(order))
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, (family - rank) * p_values[place])
        adjusted[place] = min(1.0, largest)
    return tuple(adjusted)
