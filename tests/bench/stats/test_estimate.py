from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats.estimate import Comparison, Estimate, chance, compare, estimate, geometric_mean

figures = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=6)


def verdict(base: list[float], new: list[float]) -> str | None:
    found = compare(estimate(base), estimate(new))
    return found.direction if found else None


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


def test_a_comparison_has_the_ratio_of_the_medians_and_the_extreme_ratios_of_two_repeats() -> None:
    assert compare(estimate([100.0, 90.0, 120.0]), estimate([200.0, 180.0, 240.0])) == Comparison(
        ratio=2.0, low=1.5, high=240 / 90, direction="higher"
    )


@pytest.mark.parametrize(
    ("base", "new", "expected"),
    [
        ([10, 11, 12], [13, 14, 15], "higher"),
        ([13, 14, 15], [10, 11, 12], "lower"),
        ([10, 11, 12], [12, 14, 15], "no evidence"),
        ([10, 11, 12], [11, 30, 40], "no evidence"),
        ([10, 11, 12], [10, 11, 12], "no evidence"),
        ([10, 11], [99], "no evidence"),
        ([10], [99, 100], "no evidence"),
        ([10, 11], [12, 13], "higher"),
    ],
    ids=[
        "apart",
        "apart the other way",
        "they touch",
        "they overlap",
        "the same",
        "one new repeat",
        "one old repeat",
        "two repeats are enough",
    ],
)
def test_a_verdict_needs_ranges_that_fall_apart(base: list[float], new: list[float], expected: str) -> None:
    assert verdict(base, new) == expected


@pytest.mark.parametrize(
    ("base", "new", "clear"),
    [
        pytest.param([10, 12], [15, 16], True, id="3 apart, and 2 wide"),
        pytest.param([15, 16], [10, 12], True, id="the other way round"),
        pytest.param([10, 12], [14, 15], False, id="as far apart as the base is wide"),
        pytest.param([10, 11], [13, 15], False, id="as far apart as the new one is wide"),
        pytest.param([10, 12], [11, 13], False, id="overlapping"),
        pytest.param([10], [20, 21], False, id="one repeat"),
    ],
)
def test_a_difference_is_clear_where_the_gap_is_wider_than_either_range(
    base: list[float], new: list[float], clear: bool
) -> None:
    found = compare(estimate(base), estimate(new))
    assert found is not None
    assert found.clear == clear


@settings(max_examples=80, derandomize=True, deadline=None)
@given(figures, figures)
def test_a_verdict_holds_exactly_when_every_repeat_beats_every_other(
    base: list[float], new: list[float]
) -> None:
    several = min(len(base), len(new)) > 1
    assert (verdict(base, new) == "higher") == (several and all(n > b for n in new for b in base))
    assert (verdict(base, new) == "lower") == (several and all(n < b for n in new for b in base))
    turned = {"higher": "lower", "lower": "higher", "no evidence": "no evidence"}
    assert verdict(new, base) == turned[str(verdict(base, new))]


@settings(max_examples=80, derandomize=True, deadline=None)
@given(figures, figures)
def test_the_ratio_lies_between_the_extreme_ratios(base: list[float], new: list[float]) -> None:
    found = compare(estimate(base), estimate(new))
    assert found is not None
    ratios = [n / b for n in new for b in base]
    assert (found.low, found.high) == (pytest.approx(min(ratios)), pytest.approx(max(ratios)))
    assert found.low <= found.ratio * (1 + 1e-12)
    assert found.ratio <= found.high * (1 + 1e-12)


def test_no_comparison_with_what_was_not_measured_or_reaches_down_to_zero() -> None:
    some = estimate([1.0, 2.0])
    assert compare(None, some) is None
    assert compare(some, None) is None
    assert compare(estimate([0.0, 2.0]), some) is None


def test_the_text_of_a_comparison_without_evidence_is_a_tilde() -> None:
    assert Comparison(ratio=1.31, low=1.2, high=1.4, direction="higher").text == "1.31 ×"
    assert Comparison(ratio=1.31, low=0.9, high=1.4, direction="no evidence").text == "~"


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 5), (5, 5)], ids=str)
def test_chance_counts_the_ways_in_which_equal_things_fall_apart(n: int, m: int) -> None:
    """Of all ways to deal n + m different figures to two sides, those in which one side has all the larger ones."""
    ways = [(set(mine), set(range(n + m)) - set(mine)) for mine in combinations(range(n + m), n)]
    apart = sum(max(mine) < min(other) or max(other) < min(mine) for mine, other in ways)
    assert chance(n, m) == pytest.approx(apart / len(ways))


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
