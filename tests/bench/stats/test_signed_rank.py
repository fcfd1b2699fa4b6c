"""Against tables, enumeration and the properties that the test must have."""

from __future__ import annotations

import itertools
import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats.signed_rank import attained_level, hodges_lehmann, p_above, p_value

DIFFERENCES = st.lists(
    st.floats(-5, 5).filter(lambda value: abs(value) > 1e-3), min_size=1, max_size=9, unique_by=abs
)


def enumerated(values: list[float]) -> float:
    """The one-sided p by its definition: all signs of the ranks, those with as large a rank sum."""
    ordered = sorted(values, key=abs)
    seen = sum(rank for rank, value in enumerate(ordered, 1) if value > 0)
    ranks = range(1, len(values) + 1)
    sums = [
        sum(rank for rank, up in zip(ranks, signs, strict=True) if up)
        for signs in itertools.product((0, 1), repeat=len(values))
    ]
    return sum(total >= seen for total in sums) / len(sums)


@given(DIFFERENCES)
@settings(max_examples=60, derandomize=True, deadline=None)
def test_one_sided_p_is_that_of_all_signs(values: list[float]) -> None:
    assert p_above(values) == pytest.approx(enumerated(values))


def test_p_of_a_published_example() -> None:
    # Ten differences of which those of rank 1 and 2 are negative: P(T <= 3) = 5 / 1024.
    values = [0.3, -0.1, 0.5, 0.7, 0.2, -0.05, 0.9, 1.1, 0.4, 0.6]
    assert p_value(values) == pytest.approx(10 / 1024)


@pytest.mark.parametrize(
    ("pairs", "alpha", "smallest_rank"),
    [
        pytest.param(10, 0.05, 9, id="tables: critical value 8"),
        pytest.param(15, 0.05, 26, id="tables: critical value 25"),
        pytest.param(20, 0.01, 38, id="tables: critical value 37"),
        pytest.param(8, 0.0221, 2, id="2 x (1 + 1) / 256 is 0.0156, with one more it is over"),
    ],
)
def test_the_interval_ends_where_tables_say(pairs: int, alpha: float, smallest_rank: int) -> None:
    values = [Random(place).gauss(0, 1) for place in range(pairs)]
    means = sorted((a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2))
    found = hodges_lehmann(values, alpha)
    assert (found.low, found.high) == (means[smallest_rank - 1], means[-smallest_rank])


@given(DIFFERENCES, st.floats(-3, 3))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_what_is_inside_the_interval_is_what_the_test_does_not_reject(values: list[float], by: float) -> None:
    found = hodges_lehmann(values, 0.1)
    if min(abs(by - edge) for edge in (found.low, found.high)) < 1e-9:
        return
    assert (found.low < by < found.high) == (p_value([value - by for value in values]) > 0.1)


@given(DIFFERENCES, st.floats(-3, 3))
@settings(max_examples=40, derandomize=True, deadline=None)
def test_moving_the_differences_moves_the_estimate(values: list[float], by: float) -> None:
    before, after = hodges_lehmann(values, 0.1), hodges_lehmann([value + by for value in values], 0.1)
    assert after.estimate == pytest.approx(before.estimate + by)


def test_too_few_pairs_exclude_nothing() -> None:
    found = hodges_lehmann([1.0, 2.0, 3.0], 0.05)
    assert (found.low, found.estimate, found.high) == (-math.inf, 2.0, math.inf)


def test_zeros_are_evidence_for_neither_side() -> None:
    assert (p_value([0.0, 0.0, 0.0]), p_above([0.0, 0.0])) == (1.0, 1.0)


def test_one_outlier_does_not_carry_the_estimate_away() -> None:
    assert hodges_lehmann([0.01, 0.02, 0.03, 0.02, 9.0], 0.1).estimate == pytest.approx(0.025)


@pytest.mark.parametrize("count", [0, 401])
def test_counts_out_of_bounds_are_said(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} differences; there must be 1 to 400"):
        hodges_lehmann([1.0] * count, 0.05)


@pytest.mark.parametrize(
    ("pairs", "alpha", "level"),
    [
        pytest.param(8, 0.05, 10 / 256, id="rank sums up to 5: 1 + 1 + 1 + 2 + 2 + 3"),
        pytest.param(4, 0.05, 0.0, id="one of sixteen is too much"),
        pytest.param(5, 0.05, 1 / 32, id="one of 32 is not"),
    ],
)
def test_the_level_that_is_attained(pairs: int, alpha: float, level: float) -> None:
    assert attained_level(pairs, alpha) == pytest.approx(level)
