"""Log ratios of cells, round by round, on lanes made up."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bench.model.record import LaneSlices, Record
from bench.results.differences import log_ratios, mean_over
from bench.stats.metrics import CPU, P99, THROUGHPUT
from tests.bench.builders import lanes, record, repeats


def sides(*records: Record) -> tuple[list[Record], list[Record]]:
    """Those of setups a and b."""
    a = [one for one in records if one.cell.setup == "a"]
    return a, [one for one in records if one.cell.setup == "b"]


def test_drift_within_a_round_cancels_in_rotations() -> None:
    made = lanes({"a": [100.0] * 6, "b": [90.0] * 6}, drift=[1, 0.5, 2, 0.7, 1.1, 0.2])
    assert log_ratios(*sides(*made), THROUGHPUT) == pytest.approx({0: math.log(0.9), 1: math.log(0.9)})
    assert log_ratios(*sides(*made), CPU) == pytest.approx({0: -math.log(0.9), 1: -math.log(0.9)})


def test_a_disturbed_slice_does_not_carry_the_round_away() -> None:
    made = lanes({"a": [100.0] * 8, "b": [90.0] * 7 + [9.0]}, rounds=1)
    assert log_ratios(*sides(*made), THROUGHPUT) == pytest.approx({0: math.log(0.9)})


def test_only_rotations_that_both_have_count() -> None:
    """b missed the first two, in which a was ten times as fast."""
    a, b = lanes({"a": [1000.0, 1000.0, 100.0, 100.0], "b": [1.0, 1.0, 50.0, 50.0]}, rounds=1)
    late = replace(b, slices=LaneSlices(rotation=(2, 3), requests=(50, 50), throughput_rps=(50.0, 50.0)))
    assert log_ratios([a], [late], THROUGHPUT) == pytest.approx({0: math.log(0.5)})


def test_lanes_of_different_groups_meet_through_the_anchor() -> None:
    """a is half of the anchor of its group, b four fifths of the anchor of its own: 1.6 times."""
    base, head = lanes({"a": [50.0] * 3, "b": [240.0] * 3}, rounds=1)
    a = replace(base, slices=replace(base.slices, anchor_rps=(100.0,) * 3))
    b = replace(head, slices=replace(head.slices, rotation=(7, 8, 9), anchor_rps=(300.0,) * 3))
    assert log_ratios([a], [b], THROUGHPUT) == pytest.approx({0: math.log(1.6)})


def test_without_slices_or_for_other_metrics_the_figures_of_the_round_count() -> None:
    made = (*repeats("a", "x", 100, 200, 300), *repeats("b", "x", 50, 50))
    assert log_ratios(*sides(*made), THROUGHPUT) == pytest.approx({0: math.log(0.5), 1: math.log(0.25)})
    slow = (*lanes({"a": [9.0] * 3}, p99=2.0), *lanes({"b": [9.0] * 3}, p99=6.0))
    assert log_ratios(*sides(*slow), P99) == pytest.approx({0: math.log(3), 1: math.log(3)})


def test_rounds_that_only_one_side_has_and_figures_of_nothing_do_not_count() -> None:
    assert log_ratios([record("a", repeat=0)], [record("b", repeat=1)], THROUGHPUT) == {}
    assert log_ratios([record("a", throughput=0.0)], [record("b")], THROUGHPUT) == {}
    assert log_ratios([record("a", cpu_us=None)], [record("b")], CPU) == {}


def test_the_mean_of_several_comparisons_in_the_rounds_that_all_have() -> None:
    assert mean_over([{0: 1.0, 1: 2.0}, {1: 4.0, 2: 9.0}]) == {1: 3.0}
    assert mean_over([]) == {}
