"""Ratios with their intervals, and where they pass 1; expectations are reckoned by hand."""

from __future__ import annotations

import math
from dataclasses import astuple
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.results.cells import CellResults, gather
from bench.results.study.ratio import T_975, Ratio, RatioInterval, crossover, interval, ratio
from bench.stats.metrics import THROUGHPUT, VICTIM_P99
from tests.bench.builders import repeats


def cell(scenario: str, *rates: float, **more: object) -> CellResults:
    (found,) = gather(repeats("uvicorn", scenario, *rates, **more))
    return found


def test_the_interval_of_three_ratios_as_reckoned_by_hand() -> None:
    """Logarithms -0.1, 0, 0.1 + ln 2: mean ln 2, sd 0.1; t of two degrees of freedom is 4.303; reach 0.24843."""
    found = interval([2 * math.exp(-0.1), 2.0, 2 * math.exp(0.1)])
    assert found.middle == pytest.approx(2.0)
    assert found.low == pytest.approx(2 * math.exp(-0.24843), rel=1e-4)
    assert found.high == pytest.approx(2 * math.exp(0.24843), rel=1e-4)
    assert (found.n, found.text) == (3, "2.00 × (1.56 to 2.56)")


def test_a_single_ratio_has_no_interval() -> None:
    assert astuple(interval([3.0])) == (pytest.approx(3.0), None, None, 1)
    assert interval([3.0]).text == "3.00 × (no interval: a single repeat)"


def test_students_t_falls_towards_the_normal() -> None:
    assert list(T_975) == sorted(T_975, reverse=True)
    assert T_975[-1] > NormalDist().inv_cdf(0.975)


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=6))
@settings(max_examples=50, derandomize=True)
def test_the_other_way_round_the_interval_is_turned_over(ratios: list[float]) -> None:
    there, back = interval(ratios), interval([1 / each for each in ratios])
    assert there.low is not None
    assert back.high is not None
    assert back.middle == pytest.approx(1 / there.middle)
    assert back.high == pytest.approx(1 / there.low)


def test_repeats_are_paired_by_round() -> None:
    """A machine that slows down by half spoils both sides alike: every pair says exactly 2, and yet they overlap."""
    found = ratio(cell("io-sync", 200, 100, 50), cell("io-async", 400, 200, 100), THROUGHPUT)
    assert found is not None
    assert astuple(found.interval) == (pytest.approx(2), pytest.approx(2), pytest.approx(2), 3)
    assert not found.apart
    assert found.direction == "not settled"


def test_a_clear_difference_is_shown_with_its_direction() -> None:
    more, less = cell("io-async", 400, 404, 396), cell("io-sync", 100, 101, 102)
    assert ratio(less, more, THROUGHPUT).direction == "higher"  # type: ignore[union-attr]
    assert ratio(more, less, THROUGHPUT).direction == "lower"  # type: ignore[union-attr]


NOT_SETTLED = {
    "the interval holds 1 though the ranges are apart": ((103, 130, 160), (100, 101, 102)),
    "the ranges overlap": ((100, 110, 120), (99, 104, 119)),
    "a single repeat": ((400,), (100,)),
}


@pytest.mark.parametrize(("head", "base"), NOT_SETTLED.values(), ids=NOT_SETTLED)
def test_nothing_is_shown_on_overlapping_evidence(head: tuple[float, ...], base: tuple[float, ...]) -> None:
    found = ratio(cell("io-sync", *base), cell("io-async", *head), THROUGHPUT)
    assert found is not None
    assert not found.shown


def test_what_is_invalid_or_was_not_measured_has_no_ratio() -> None:
    good = cell("io-async", 100, 101)
    assert ratio(good, cell("io-sync", 100, 101, valid=False), THROUGHPUT) is None
    assert ratio(good, cell("io-sync", 100, 101), VICTIM_P99) is None


def at(middle: float, *, apart: bool = True) -> Ratio:
    one = cell("io-async", 1, 1)
    return Ratio(
        head=one,
        base=one,
        metric=THROUGHPUT,
        interval=RatioInterval(middle, middle * 0.99, middle * 1.01, 3),
        apart=apart,
    )


def test_the_crossover_lies_on_the_straight_line_between_the_levels() -> None:
    """From 2 at 8 users to 1/2 at 32: half way, which is 16 on a scale of doublings. From 4 to 1/2: two thirds."""
    assert crossover({8: at(2.0), 32: at(0.5)}) == pytest.approx(16)
    assert crossover({32: at(0.5), 4: at(4.0)}) == pytest.approx(4 * 8 ** (2 / 3))


def test_levels_that_show_nothing_do_not_count_for_the_crossover() -> None:
    assert crossover({1: at(0.5), 8: at(3.0, apart=False), 64: at(2.0)}) == pytest.approx(8)
    assert crossover({1: at(2.0), 8: at(3.0), 32: at(0.9, apart=False)}) is None
    assert crossover({}) is None
