"""Made-up rounds without any noise: the intervals have no width, and the verdicts follow from the ratios alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.plan import Setup
from bench.model.record import Caveat, Record, Run
from tests.bench.builders import run
from tests.bench.results.rounds import three_rounds
from tools.calibration.core_judging import codes, invalid_setups, judge, sliced_s
from tools.calibration.core_run import BEST, CoreVerdict

NAMES = ("slow", "quick")


def made(*records: Record) -> Run:
    return run(*records, setups=tuple(Setup(name, "uvicorn") for name in NAMES))


def only(verdicts: tuple[CoreVerdict, ...], base: str, head: str, metric: str) -> CoreVerdict:
    (found,) = [one for one in verdicts if (one.base, one.head, one.metric) == (base, head, metric)]
    return found


def test_a_setup_of_ten_percent_more_is_worse_than_the_best_and_better_the_other_way() -> None:
    found = judge(
        made(*three_rounds("quick", 1100.0, cpu_us=80.0), *three_rounds("slow", 1000.0, cpu_us=88.0))
    )
    assert len(found) == 6  # two standings and a pair, by two metrics
    assert only(found, BEST, "quick", "CPU").verdict == "best"
    assert only(found, BEST, "slow", "CPU").verdict == "worse"
    assert only(found, BEST, "slow", "CPU").ratio == pytest.approx(1.1)
    assert only(found, BEST, "slow", "throughput").verdict == "worse"
    pair = only(found, "slow", "quick", "CPU")  # in the order of the plan, not of the alphabet
    assert (pair.verdict, pair.ratio) == ("better", pytest.approx(80 / 88))


def test_equal_setups_are_the_same_by_everything() -> None:
    found = judge(made(*three_rounds("quick", 1000.0), *three_rounds("slow", 1000.0)))
    assert {one.verdict for one in found} == {"best", "same"}


def test_rounds_that_spread_resolve_nothing() -> None:
    noisy = three_rounds("quick", 1100.0, step=0.1)
    found = judge(made(*noisy, *three_rounds("slow", 1000.0)))
    assert only(found, "slow", "quick", "throughput").verdict == "unresolved"


def test_a_variant_is_compared_with_its_reference_of_the_same_setup() -> None:
    found = judge(
        made(
            *three_rounds("quick", 1000.0, scenario="noop-async"),
            *three_rounds("quick", 500.0, scenario="noop-sync"),
        )
    )
    assert [(one.base, one.head) for one in found] == [("noop-async", "noop-sync")] * 2
    assert only(found, "noop-async", "noop-sync", "throughput").verdict == "worse"


def test_what_lies_beside_the_verdicts() -> None:
    one, *rest = three_rounds("quick", 1000.0)
    doubted = replace(one, valid=False, caveats=(Caveat("other-load", "busy"),))
    assert invalid_setups([doubted, *rest]) == ("quick",)
    assert codes([doubted, doubted, *rest]) == ("other-load",)
    assert sliced_s([one, *rest]) == pytest.approx(3 * one.measured_s)
