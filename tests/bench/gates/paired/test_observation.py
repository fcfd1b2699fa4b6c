"""Slices and turns by hand."""

from __future__ import annotations

import json
import math

import pytest

from bench.gates.paired.observation import ArmSlice, ArmSummary, Observation, Turn, line, log_ratios

SLOW = ArmSlice(100, 50_000_000, 20_000_000, 10_000_000)
FAST = ArmSlice(100, 25_000_000, 10_000_000, 15_000_000)
SUMMARY = ArmSummary(p50_ms=2.0, p99_ms=9.0, errors=0, requests=300)


def test_figures_of_a_slice() -> None:
    assert (SLOW.cpu_us, SLOW.rate_per_s) == (200.0, 2000.0)


def test_ratios_are_head_over_base() -> None:
    turns = [Turn(base=FAST, head=SLOW)]
    assert log_ratios(turns, "cpu") == pytest.approx([math.log(2)])
    assert log_ratios(turns, "throughput") == pytest.approx([-math.log(2)])


def test_one_disturbed_turn_does_not_move_a_pair() -> None:
    turns = (Turn(FAST, FAST), Turn(FAST, SLOW), Turn(FAST, FAST))
    one = Observation(turns, SUMMARY, SUMMARY)
    assert (one.log_ratio("cpu"), one.level("cpu", "head"), one.level("throughput", "base")) == (
        0.0,
        100.0,
        4000.0,
    )


def test_latencies_are_compared_as_they_are() -> None:
    one = Observation((), SUMMARY, ArmSummary(p50_ms=3.0, p99_ms=18.0, errors=0, requests=300))
    assert one.log_ratio("p50") == pytest.approx(math.log(1.5))
    assert one.log_ratio("p99") == pytest.approx(math.log(2.0))
    assert one.log_ratio("cpu") is None


def test_an_arm_that_answered_nothing_right_has_no_latency() -> None:
    assert (
        Observation((), SUMMARY, ArmSummary(p50_ms=None, p99_ms=None, errors=300, requests=300)).log_ratio(
            "p99"
        )
        is None
    )


def test_shares_of_an_arm() -> None:
    one = Observation(
        (Turn(FAST, SLOW), Turn(FAST, SLOW)),
        ArmSummary(p50_ms=2.0, p99_ms=9.0, errors=3, requests=300),
        SUMMARY,
    )
    assert (one.own_cpu_share("base"), one.own_cpu_share("head")) == pytest.approx((0.6, 0.2))
    assert (one.base.error_share, one.head.error_share) == pytest.approx((0.01, 0.0))
    assert Observation((), SUMMARY, SUMMARY).own_cpu_share("head") == 0.0
    assert ArmSummary(p50_ms=None, p99_ms=None, errors=0, requests=0).error_share == 0.0


def test_a_line_says_it_all() -> None:
    said = json.loads(line("look 1", "noop-async", Observation((Turn(FAST, SLOW),), SUMMARY, SUMMARY), 7))
    summary = {"p50_ms": 2.0, "p99_ms": 9.0, "errors": 0, "requests": 300, "faults": [], "late_p99_ms": None}
    assert said == {
        "seed": 7,
        "look": "look 1",
        "scenario": "noop-async",
        "turns": {
            "base": [[100, 25_000_000, 10_000_000, 15_000_000]],
            "head": [[100, 50_000_000, 20_000_000, 10_000_000]],
        },
        "base": summary,
        "head": summary,
    }
