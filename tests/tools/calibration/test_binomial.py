"""Bounds by hand, from a published table, and from SciPy 1.17.1, whose answers stand here as numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.calibration.binomial import at_least, at_most


@pytest.mark.parametrize(
    ("hits", "tries", "bound"),
    [
        pytest.param(0, 40, 1 - 0.05 ** (1 / 40), id="no hit: (1 - p)^40 = 5 %, so 7.2 %"),
        pytest.param(0, 1, 0.95, id="one try"),
        pytest.param(1, 1, 1.0, id="all hits exclude nothing above"),
        pytest.param(0, 0, 1.0, id="nothing was tried, nothing is excluded"),
        pytest.param(1, 10, 0.3942, id="Hahn and Meeker, Statistical Intervals, one-sided table: 0.394"),
        pytest.param(1, 2, math.sqrt(0.95), id="P(X <= 1) = 1 - p^2 = 5 %"),
        pytest.param(0, 3000, 0.000998, id="the rule of three: about 3 of 3000"),
    ],
)
def test_the_largest_rate_that_is_not_excluded(hits: int, tries: int, bound: float) -> None:
    assert at_most(hits, tries) == pytest.approx(bound, abs=5e-5)


def test_twenty_of_twenty_leave_at_least_86_percent() -> None:
    assert at_least(20, 20) == pytest.approx(0.05 ** (1 / 20))
    assert round(at_least(20, 20), 3) == 0.861


@pytest.mark.parametrize(
    ("hits", "tries", "least", "most"),
    [
        (0, 40, 0.0, 0.07215752450551455),
        (1, 10, 0.005116196891823701, 0.39416330243650466),
        (3, 400, 0.0020472586673722713, 0.019269229283088177),
        (19, 20, 0.7838938357931526, 0.9974386212234697),
        (150, 2000, 0.06552920918986971, 0.08540795130843805),
        (777, 1000, 0.7542560496005548, 0.7985270318882606),
    ],
)
def test_bounds_as_scipy_has_them(hits: int, tries: int, least: float, most: float) -> None:
    """`scipy.stats.beta.ppf(0.05, hits, tries - hits + 1)` and `scipy.stats.beta.ppf(0.95, hits + 1, tries - hits)`"""
    assert at_least(hits, tries) == pytest.approx(least, rel=1e-9, abs=1e-12)
    assert at_most(hits, tries) == pytest.approx(most, rel=1e-9)


def test_nothing_that_was_tried_bounds_nothing_from_below() -> None:
    assert at_least(0, 0) == 0.0


@settings(max_examples=30, derandomize=True)
@given(st.integers(1, 60), st.data())
def test_the_bound_is_where_the_tail_holds_5_percent(tries: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, tries - 1))
    rate = at_most(hits, tries)
    tail = sum(math.comb(tries, k) * rate**k * (1 - rate) ** (tries - k) for k in range(hits + 1))
    assert tail == pytest.approx(0.05)
    assert at_least(tries - hits, tries) == pytest.approx(1 - rate)


def test_counts_whose_coefficients_are_larger_than_any_float() -> None:
    assert at_least(1000, 2000) < 0.5 < at_most(1000, 2000)
