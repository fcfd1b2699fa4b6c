"""Against sums by hand, enumeration, and SciPy 1.17.1, whose answers stand here as numbers."""

from __future__ import annotations

from itertools import combinations

import pytest

from bench.stats.fisher_test import p_more_often


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        ((0, 3), (3, 3), 1 / 20),
        ((0, 2), (2, 2), 1 / 6),
        ((0, 5), (4, 5), 5 / 210),
        ((1, 5), (5, 5), 6 / 252 + 0.0),
        ((0, 9000), (3, 9000), 9000 * 8999 * 8998 / (18000 * 17999 * 17998)),
        ((5, 5), (0, 5), 1.0),
        ((0, 5), (0, 5), 1.0),
        ((2, 2), (2, 2), 1.0),
    ],
)
def test_fishers_test_by_hand(base: tuple[int, int], head: tuple[int, int], expected: float) -> None:
    assert p_more_often(*base, *head) == pytest.approx(expected)


def test_fishers_test_by_enumeration() -> None:
    """Of the ways in which 4 of 9 tries hit, those in which at least 3 of them are among the last 5."""
    ways = [sum(place >= 4 for place in hits) for hits in combinations(range(9), 4)]
    expected = sum(inside >= 3 for inside in ways) / len(ways)
    assert p_more_often(1, 4, 3, 5) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("base", "head", "p"),
    [
        ((3, 40), (11, 42), 0.023646501202407424),
        ((0, 3000), (9, 3000), 0.0019414248066323),
        ((120, 9000), (171, 9100), 0.0020755315364872876),
        ((2, 500), (2, 11), 0.0024731666777374384),
        ((7, 7), (3, 9), 1.0),
    ],
)
def test_p_as_scipy_has_it(base: tuple[int, int], head: tuple[int, int], p: float) -> None:
    """`scipy.stats.fisher_exact([[hits, misses] of head, [hits, misses] of base], alternative="greater")`"""
    assert p_more_often(*base, *head) == pytest.approx(p, rel=1e-8)
