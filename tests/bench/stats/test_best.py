"""Standings against the best, by hand and by the properties that they must have."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats.best import Standing, compare_with_best
from bench.stats.comparison import Better
from bench.stats.families import dunnett_critical

FIGURES = st.integers(2, 5).flatmap(
    lambda rounds: st.lists(
        st.lists(st.floats(-1, 1), min_size=rounds, max_size=rounds), min_size=2, max_size=5
    )
)


def of(figures: Sequence[Sequence[float]], better: Better = "higher") -> dict[str, Standing]:
    """The standings of sides a, b, c... from the logarithms of their figures, round by round."""
    names = "abcdefgh"[: len(figures)]
    logs = {
        (base, head): [mine - its for its, mine in zip(theirs, own, strict=True)]
        for base, theirs in zip(names, figures, strict=True)
        for head, own in zip(names, figures, strict=True)
        if base != head
    }
    return {one.name: one for one in compare_with_best(logs, list(names), better)}


def test_two_sides_by_hand() -> None:
    """b lies 0.1 behind in the mean, sd 0.02 over four rounds: t of three degrees 3.182, reach 0.03182."""
    b = [-0.1 - 0.02, -0.1 + 0.02, -0.1 - 0.02 * math.sqrt(0.5), -0.1 + 0.02 * math.sqrt(0.5)]
    found = of([[0.0] * 4, b])
    assert found["a"].verdict == "best"
    assert (found["a"].ratio, found["a"].low, found["a"].high) == (1.0, 1.0, 1.0)
    assert found["b"].verdict == "worse"
    assert found["b"].ratio == pytest.approx(math.exp(-0.1))
    reach = 3.182 * 0.02 / 2
    assert (found["b"].low, found["b"].high) == pytest.approx(
        (math.exp(-0.1 - reach), math.exp(-0.1 + reach)), rel=1e-4
    )


def test_of_a_figure_that_is_better_when_lower_the_ratios_lie_above_1() -> None:
    found = of([[0.0, 0.001, -0.001], [0.3, 0.301, 0.302]], "lower")
    assert (found["a"].verdict, found["b"].verdict) == ("best", "worse")
    assert found["b"].low <= found["b"].ratio <= found["b"].high
    assert found["b"].low > 1
    assert found["b"].ratio == pytest.approx(math.exp(0.301))


def test_an_interval_is_the_union_over_all_that_may_be_the_best() -> None:
    """a and b cannot be told apart; c lies behind both, a's interval and b's together."""
    a, b = [0.0, 0.02, -0.02, 0.0], [0.02, 0.0, 0.0, -0.03]
    c = [-0.5, -0.51, -0.49, -0.5]
    found = of([a, b, c])
    assert [found[name].verdict for name in "abc"] == ["unresolved", "unresolved", "worse"]
    ends = []
    for base in (a, b):
        logs = [mine - its for its, mine in zip(base, c, strict=True)]
        mean = sum(logs) / 4
        error = math.sqrt(sum((log - mean) ** 2 for log in logs) / 3 / 4)
        ends += [mean + way * dunnett_critical(2, 4) * error for way in (-1, 1)]
    assert (found["c"].low, found["c"].high) == pytest.approx((math.exp(min(ends)), math.exp(max(ends))))


def test_what_lies_within_the_margin_for_sure_is_the_same() -> None:
    found = of([[0.0, 0.0, 0.0], [-0.004, -0.005, -0.006], [-0.1, -0.1, -0.1]])
    assert [found[name].verdict for name in "abc"] == ["best", "same", "worse"]


def test_a_single_round_resolves_nothing() -> None:
    found = of([[0.0], [-1.0]])
    assert [one.verdict for one in found.values()] == ["unresolved", "unresolved"]
    assert (found["b"].ratio, found["b"].low, found["b"].high) == (pytest.approx(math.exp(-1)), 0.0, 1.0)


@given(FIGURES, st.sampled_from(["higher", "lower"]))
@settings(max_examples=120, derandomize=True, deadline=None)
def test_nobody_is_above_the_best_and_every_ratio_lies_in_its_interval(
    figures: list[list[float]], better: Better
) -> None:
    found = list(of(figures, better).values())
    sign = 1 if better == "higher" else -1
    assert found[0].ratio == 1.0
    assert sorted((sign * one.ratio for one in found), reverse=True) == [sign * one.ratio for one in found]
    for one in found:
        assert sign * one.ratio <= sign
        assert one.low <= one.ratio * (1 + 1e-12)
        assert one.ratio <= one.high * (1 + 1e-12)
    assert sum(one.verdict == "best" for one in found) <= 1
    assert all(one.verdict != "best" for one in found[1:])
    assert found[0].verdict != "worse"


@given(FIGURES, st.floats(-3, 3))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_a_faster_machine_changes_nothing(figures: list[list[float]], by: float) -> None:
    before, after = of(figures), of([[log + by for log in own] for own in figures])
    for name, one in before.items():
        if one.half_width > 1e-6:
            assert (after[name].ratio, after[name].low) == pytest.approx((one.ratio, one.low), abs=1e-6)


@given(FIGURES)
@settings(max_examples=60, derandomize=True, deadline=None)
def test_the_order_does_not_depend_on_the_order_of_the_names(figures: list[list[float]]) -> None:
    there, back = of(figures), of(figures[::-1])
    names = "abcdefgh"[: len(figures)]
    for name, mirrored in zip(names, reversed(names), strict=True):
        assert there[name].low == pytest.approx(back[mirrored].low, abs=1e-6)
        assert there[name].high == pytest.approx(back[mirrored].high, abs=1e-6)


def test_robust_means_that_do_not_add_up_still_give_one_best() -> None:
    """a leads b, b leads c, c leads a: the mean over all pairs decides."""
    lead = {("b", "a"): 0.05, ("c", "b"): 0.05, ("a", "c"): 0.01}
    logs = {pair: [value - 1e-3, value + 1e-3] for pair, value in lead.items()}
    logs |= {(head, base): [-value for value in values] for (base, head), values in logs.items()}
    found = compare_with_best(logs, ["c", "b", "a"], "higher")
    assert [one.name for one in found] == ["a", "b", "c"]
    assert [one.ratio == 1.0 for one in found] == [True, False, False]
