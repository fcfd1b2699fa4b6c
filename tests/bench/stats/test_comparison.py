"""The rule of difference, against hand-computed intervals, tables and the properties it must have."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats.comparison import Comparison, RatioVerdict, compare, robust_mean

LOGS = st.lists(st.floats(-3, 3), min_size=2, max_size=8)
FAMILIES = st.sampled_from([1, 2, 5])


def of(logs: list[float], family: int = 1) -> Comparison:
    found = compare(logs, family)
    assert found is not None
    return found


def test_the_interval_of_three_rounds_as_reckoned_by_hand() -> None:
    """Logarithms ln 2 - 0.1, ln 2, ln 2 + 0.1: sd 0.1; t of two degrees of freedom is 4.303; reach 0.24843."""
    found = of([math.log(2) - 0.1, math.log(2), math.log(2) + 0.1])
    assert found.ratio == pytest.approx(2.0)
    assert found.low == pytest.approx(2 * math.exp(-0.24843), rel=1e-4)
    assert found.high == pytest.approx(2 * math.exp(0.24843), rel=1e-4)
    assert (found.rounds, found.interval_text) == (3, "2.00 × (1.56 to 2.56)")


@pytest.mark.parametrize(
    ("rounds", "t"),
    [(2, 12.706), (3, 4.303), (6, 2.571), (8, 2.365), (10, 2.262), (21, 2.086)],
    ids=lambda value: f"{value}",
)
def test_one_comparison_reaches_as_far_as_students_table_says(rounds: int, t: float) -> None:
    """n rounds at -1 and 1 in turn, an odd one at 0: their sd over the root of n, times the tabled t."""
    logs = [0.01 * (-1) ** at for at in range(rounds - rounds % 2)] + [0.0] * (rounds % 2)
    sd = math.sqrt(sum(log**2 for log in logs) / (rounds - 1))
    assert math.log(of(logs).high) == pytest.approx(t * sd / math.sqrt(rounds), rel=1e-3)


def test_one_round_has_a_ratio_and_no_interval() -> None:
    found = of([math.log(3)])
    assert (found.ratio, found.low, found.high) == (pytest.approx(3.0), 0.0, math.inf)
    assert (found.direction, found.same, found.verdict("higher"), found.rounds_needed) == (
        "no evidence",
        False,
        "unresolved",
        None,
    )
    assert found.interval_text.startswith("3.00 × (no interval")
    assert compare([]) is None


@given(LOGS, FAMILIES)
@settings(max_examples=60, derandomize=True, deadline=None)
def test_the_other_way_round_the_interval_is_turned_over(logs: list[float], family: int) -> None:
    there, back = of(logs, family), of([-log for log in logs], family)
    assert back.ratio == pytest.approx(1 / there.ratio)
    assert math.log(back.high) == pytest.approx(-math.log(there.low))
    assert math.log(back.low) == pytest.approx(-math.log(there.high))
    turned = {"higher": "lower", "lower": "higher", "no evidence": "no evidence"}
    assert back.direction == turned[there.direction]
    assert there.verdict("higher") == back.verdict("lower") or there.same != back.same


@given(LOGS, st.floats(-2, 2))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_a_head_that_is_larger_throughout_moves_the_whole_interval(logs: list[float], by: float) -> None:
    before, after = of(logs), of([log + by for log in logs])
    moved = [math.log(getattr(after, end) / getattr(before, end)) for end in ("ratio", "low", "high")]
    assert moved == pytest.approx([by] * 3, abs=1e-9)


@given(LOGS, st.integers(2, 5))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_more_rounds_of_the_same_spread_never_widen_the_interval(logs: list[float], times: int) -> None:
    assert of(logs * times).half_width <= of(logs).half_width + 1e-12 * of(logs).high


@given(LOGS, FAMILIES)
@settings(max_examples=60, derandomize=True, deadline=None)
def test_the_ratio_lies_in_its_interval_and_a_larger_family_holds_a_smaller_one(
    logs: list[float], family: int
) -> None:
    one, more = of(logs), of(logs, family)
    assert one.low <= one.ratio * (1 + 1e-12)
    assert one.ratio <= one.high * (1 + 1e-12)
    assert more.low <= one.low * (1 + 1e-12)
    assert more.high >= one.high * (1 - 1e-12)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (1.03, 1.10, "better"),
        (0.80, 0.97, "worse"),
        (1.001, 1.10, "better"),
        (0.985, 1.015, "same"),
        (1.002, 1.015, "same"),
        (0.985, 0.995, "same"),
        (0.97, 1.01, "unresolved"),
        (0.99, 1.03, "unresolved"),
    ],
    ids=[
        "more",
        "less",
        "more, if little",
        "within the margin around 1",
        "within the margin beyond 1",
        "within the margin below 1",
        "less, or the same",
        "more, or the same",
    ],
)
def test_the_verdict_follows_from_the_interval(low: float, high: float, verdict: RatioVerdict) -> None:
    found = Comparison(ratio=math.sqrt(low * high), low=low, high=high, rounds=6)
    other: dict[RatioVerdict, RatioVerdict] = {"better": "worse", "worse": "better"}
    assert found.verdict("higher") == verdict
    assert found.verdict("lower") == other.get(verdict, verdict)


@pytest.mark.parametrize(
    ("middle", "reach", "needed"),
    [
        (0.10, 0.20, 17),
        (0.0, 2 * math.log(1.02), 17),
        (0.10, 0.05, 7),
    ],
    ids=["a reach twice the lead", "or twice the margin", "settled already"],
)
def test_the_rounds_that_would_settle_it(middle: float, reach: float, needed: int) -> None:
    """t at 97.5 % over the root: 2.571 / 2.449 with 6; half of it are not 2.131 / 4 but 2.120 / 4.123, with 17."""
    low, high = math.exp(middle - reach), math.exp(middle + reach)
    found = Comparison(ratio=math.exp(middle), low=low, high=high, rounds=6)
    assert found.rounds_needed == needed


def test_the_robust_mean_is_the_median_of_the_means_of_all_pairs() -> None:
    """Of 0, 1, 5: 0, 0.5, 1, 2.5, 3, 5, whose middle is 1.75."""
    assert robust_mean([0.0, 1.0, 5.0]) == pytest.approx(1.75)
    assert robust_mean([0.3]) == 0.3


@given(st.lists(st.floats(-1, 1), min_size=5, max_size=12), st.floats(10, 1e6))
@settings(max_examples=40, derandomize=True, deadline=None)
def test_one_rotation_in_five_cannot_carry_a_round_away(values: list[float], outlier: float) -> None:
    spoilt = [*values[1:], outlier]
    assert -1 <= robust_mean(spoilt) <= max(values) + 1
