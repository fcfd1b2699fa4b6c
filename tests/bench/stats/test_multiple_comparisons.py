"""Holm's adjustment against sums by hand."""

from __future__ import annotations

import pytest

from bench.stats.multiple_comparisons import holm


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, and never below the one before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx((0.06, 0.04, 0.06, 0.06))


def test_holm_of_one_is_the_p_itself() -> None:
    assert holm([0.3]) == (0.3,)


def test_holm_among_more_tests_than_are_given() -> None:
    assert holm([0.01, 0.04], tests=4) == pytest.approx((0.04, 0.12))
