"""Ratios of cells, and where they pass 1; expectations are reckoned by hand."""

from __future__ import annotations

import pytest

from bench.results.cells import CellResults, gather
from bench.results.study.ratio import Ratio, crossover, ratio
from bench.stats.comparison import Comparison
from bench.stats.metrics import THROUGHPUT, VICTIM_P99
from tests.bench.builders import repeats


def cell(scenario: str, *rates: float, **more: object) -> CellResults:
    (found,) = gather(repeats("uvicorn", scenario, *rates, **more))
    return found


def test_repeats_are_paired_by_round() -> None:
    """A machine that slows down by half spoils both sides alike: every round says exactly 2."""
    found = ratio(cell("io-sync", 200, 100, 50), cell("io-async", 400, 200, 100), THROUGHPUT)
    assert found is not None
    assert (found.comparison.ratio, found.comparison.low, found.comparison.high) == pytest.approx((2, 2, 2))
    assert (found.comparison.rounds, found.direction, found.settled) == (3, "higher", True)


def test_a_clear_difference_is_shown_with_its_direction() -> None:
    more, less = cell("io-async", 400, 404, 396), cell("io-sync", 100, 101, 102)
    assert ratio(less, more, THROUGHPUT).direction == "higher"  # type: ignore[union-attr]
    assert ratio(more, less, THROUGHPUT).direction == "lower"  # type: ignore[union-attr]


def test_what_is_proved_the_same_is_settled_and_no_difference() -> None:
    """1.005 in each round: the interval leaves out 1, and lies within 2 %."""
    found = ratio(cell("io-sync", 200, 400, 600), cell("io-async", 201, 402, 603), THROUGHPUT)
    assert found is not None
    assert found.comparison.low > 1
    assert (found.settled, found.shown, found.direction) == (True, False, "no evidence")


NOT_SETTLED = {
    "the interval holds 1 though the ranges are apart": ((103, 130, 160), (100, 101, 102)),
    "the rounds contradict each other": ((100, 110, 120), (99, 130, 100)),
    "a single repeat": ((400,), (100,)),
}


@pytest.mark.parametrize(("head", "base"), NOT_SETTLED.values(), ids=NOT_SETTLED)
def test_nothing_is_shown_where_the_interval_holds_1(
    head: tuple[float, ...], base: tuple[float, ...]
) -> None:
    found = ratio(cell("io-sync", *base), cell("io-async", *head), THROUGHPUT)
    assert found is not None
    assert (found.shown, found.settled) == (False, False)


def test_more_comparisons_with_one_base_widen_the_interval() -> None:
    base, head = cell("io-sync", 100, 101, 103), cell("io-async", 104, 105, 112)
    widths = [
        found.comparison.half_width
        for family in (1, 2, 7)
        if (found := ratio(base, head, THROUGHPUT, family))
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_what_is_invalid_or_was_not_measured_has_no_ratio() -> None:
    good = cell("io-async", 100, 101)
    assert ratio(good, cell("io-sync", 100, 101, valid=False), THROUGHPUT) is None
    assert ratio(good, cell("io-sync", 100, 101), VICTIM_P99) is None


def at(middle: float, *, shown: bool = True) -> Ratio:
    one, reach = cell("io-async", 1, 1), 1.01 if shown else 9.0
    found = Comparison(ratio=middle, low=middle / reach, high=middle * reach, rounds=3)
    return Ratio(head=one, base=one, metric=THROUGHPUT, comparison=found)


def test_the_crossover_lies_on_the_straight_line_between_the_levels() -> None:
    """From 2 at 8 users to 1/2 at 32: half way, which is 16 on a scale of doublings. From 4 to 1/2: two thirds."""
    assert crossover({8: at(2.0), 32: at(0.5)}) == pytest.approx(16)
    assert crossover({32: at(0.5), 4: at(4.0)}) == pytest.approx(4 * 8 ** (2 / 3))


def test_levels_that_show_nothing_do_not_count_for_the_crossover() -> None:
    assert crossover({1: at(0.5), 8: at(3.0, shown=False), 64: at(2.0)}) == pytest.approx(8)
    assert crossover({1: at(2.0), 8: at(3.0), 32: at(0.9, shown=False)}) is None
    assert crossover({}) is None
