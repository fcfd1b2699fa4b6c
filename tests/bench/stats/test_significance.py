"""Against tables, enumeration and sums by hand."""

from __future__ import annotations

from itertools import combinations

import pytest

from bench.stats.significance import holm, more_often, student_beyond, student_limit


@pytest.mark.parametrize(
    ("freedom", "t"),
    [(1, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980)],
    ids=str,
)
def test_students_t_as_tables_have_it_at_5_percent(freedom: int, t: float) -> None:
    assert student_beyond(t, freedom) == pytest.approx(0.05, rel=1e-3)


def test_the_tail_of_students_t_at_a_tenth_of_a_percent() -> None:
    """3.922 with 18 degrees of freedom, 31.599 with 2: from tables."""
    assert student_beyond(3.922, 18) == pytest.approx(0.001, rel=2e-3)
    assert student_beyond(31.599, 2) == pytest.approx(0.001, rel=1e-3)


@pytest.mark.parametrize(("beyond", "freedom", "t"), [(0.05, 10, 2.228), (0.01, 4, 4.604), (0.001, 1, 636.6)])
def test_the_limit_is_the_t_of_the_tables(beyond: float, freedom: int, t: float) -> None:
    assert student_limit(beyond, freedom) == pytest.approx(t, rel=3e-4)


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
    assert more_often(*base, *head) == pytest.approx(expected)


def test_fishers_test_by_enumeration() -> None:
    """Of the ways in which 4 of 9 tries hit, those in which at least 3 of them are among the last 5."""
    ways = [sum(place >= 4 for place in hits) for hits in combinations(range(9), 4)]
    expected = sum(inside >= 3 for inside in ways) / len(ways)
    assert more_often(1, 4, 3, 5) == pytest.approx(expected)


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, and never below the one before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx((0.06, 0.04, 0.06, 0.06))


def test_holm_of_one_is_the_p_itself() -> None:
    assert holm([0.3]) == (0.3,)


def test_holm_among_more_tests_than_are_given() -> None:
    assert holm([0.01, 0.04], tests=4) == pytest.approx((0.04, 0.12))
