"""Slices and turns by hand."""

from __future__ import annotations

import json
import math

import pytest

from bench.gates.paired.observation import Observation, Side, Slice, Turn, line, log_ratios

SLOW = Slice(100, 50_000_000, 20_000_000, 10_000_000)
FAST = Slice(100, 25_000_000, 10_000_000, 15_000_000)
SIDE = Side(2.0, 9.0, 0, 300)


def test_figures_of_a_slice() -> None:
    assert (SLOW.cpu_us, SLOW.rate_per_s) == (200.0, 2000.0)


def test_ratios_are_head_over_base() -> None:
    turns = [Turn(base=FAST, head=SLOW)]
    assert log_ratios(turns, "cpu") == pytest.approx([math.log(2)])
    assert log_ratios(turns, "throughput") == pytest.approx([-math.log(2)])


def test_one_disturbed_turn_does_not_move_a_pair() -> None:
    turns = (Turn(FAST, FAST), Turn(FAST, SLOW), Turn(FAST, FAST))
    one = Observation(turns, SIDE, SIDE)
    assert (one.log_ratio("cpu"), one.level("cpu", "head"), one.level("throughput", "base")) == (
        0.0,
        100.0,
        4000.0,
    )


def test_latencies_are_compared_as_they_are() -> None:
    one = Observation((), SIDE, Side(3.0, 18.0, 0, 300))
    assert one.log_ratio("p50") == pytest.approx(math.log(1.5))
    assert one.log_ratio("p99") == pytest.approx(math.log(2.0))
    assert one.log_ratio("cpu") is None


def test_a_side_that_answered_nothing_right_has_no_latency() -> None:
    assert Observation((), SIDE, Side(None, None, 300, 300)).log_ratio("p99") is None


def test_shares_of_a_side() -> None:
    one = Observation((Turn(FAST, SLOW), Turn(FAST, SLOW)), Side(2.0, 9.0, 3, 300), SIDE)
    assert (one.own_cpu_share("base"), one.own_cpu_share("head")) == pytest.approx((0.6, 0.2))
    assert (one.base.error_share, one.head.error_share) == pytest.approx((0.01, 0.0))
    assert Observation((), SIDE, SIDE).own_cpu_share("head") == 0.0
    assert Side(None, None, 0, 0).error_share == 0.0


def test_a_line_says_it_all() -> None:
    said = json.loads(line("look 1", "noop-async", Observation((Turn(FAST, SLOW),), SIDE, SIDE), 7))
    side = {"p50_ms": 2.0, "p99_ms": 9.0, "errors": 0, "requests": 300, "faults": [], "late_p99_ms": None}
    assert said == {
        "seed": 7,
        "look": "look 1",
        "scenario": "noop-async",
        "turns": {
            "base": [[100, 25_000_000, 10_000_000, 15_000_000]],
            "head": [[100, 50_000_000, 20_000_000, 10_000_000]],
        },
        "base": side,
        "head": side,
    }
