from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats.estimate import Estimate, estimate, geometric_mean


def test_an_estimate_is_the_median_and_the_range() -> None:
    assert estimate([3.0, 1.0, 7.0]) == Estimate(3.0, 1.0, 7.0, 3)
    assert estimate([3.0, 1.0]) == Estimate(2.0, 1.0, 3.0, 2)


def test_repeats_that_were_not_measured_do_not_count() -> None:
    assert estimate([None, 4.0, math.nan, math.inf]) == Estimate(4.0, 4.0, 4.0, 1)
    assert estimate([None]) is None
    assert estimate([]) is None


@pytest.mark.parametrize(
    ("repeats", "expected"),
    [([100.0, 95.0, 110.0], 0.15), ([100.0], None), ([0.0, 0.0], None), ([2.0, 2.0], 0.0)],
    ids=["the range as a share of the median", "one repeat has none", "no share of nothing", "none at all"],
)
def test_spread(repeats: list[float], expected: float | None) -> None:
    found = estimate(repeats)
    assert found is not None
    assert found.spread == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("given_", "expected"),
    [([2.0, 8.0], 4.0), ([5.0], 5.0), ([2.0, None], None), ([2.0, 0.0], None), ([], None)],
    ids=["of two", "of one", "a gap", "a zero", "of none"],
)
def test_geometric_mean(given_: list[float | None], expected: float | None) -> None:
    assert geometric_mean(given_) == (None if expected is None else pytest.approx(expected))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 1e4), st.floats(0.1, 1e4)), min_size=1, max_size=5))
def test_a_ratio_of_geometric_means_is_the_mean_of_the_ratios(pairs: list[tuple[float, float]]) -> None:
    one, two = geometric_mean([a for a, _ in pairs]), geometric_mean([b for _, b in pairs])
    assert one is not None
    assert two is not None
    assert one / two == pytest.approx(geometric_mean([a / b for a, b in pairs]))
