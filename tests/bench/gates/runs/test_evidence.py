from __future__ import annotations

import math
from typing import Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.gates.runs.evidence import CellEvidence, CellLogs, judge, sensitivity
from bench.model.change import Change, Verdict
from bench.stats.comparison import Better

EXAMPLES = settings(max_examples=60, derandomize=True)
several = st.lists(st.floats(1, 1000), min_size=2, max_size=5)


def evidence(
    base: list[float],
    head: list[float],
    better: Better = "lower",
    anchors: tuple[list[float], list[float]] | None = None,
    *,
    metric: str = "memory",
    closed: bool = True,
) -> CellEvidence:
    """Of memory, which feels nothing of the machine's speed, unless another metric is named."""
    its = anchors or ([], [])
    sides = [
        CellLogs(tuple(map(math.log, mine)), tuple(map(math.log, one)))
        for mine, one in zip((base, head), its, strict=True)
    ]
    change = Change("a", metric, None, unit="µs")
    return CellEvidence(
        change=change, better=better, felt=sensitivity(metric, closed), base=sides[0], head=sides[1]
    )


def change(base: list[float], head: list[float], better: Better = "lower", threshold: float = 0.05) -> Change:
    (found,) = judge([evidence(base, head, better)], threshold)
    return found


@pytest.mark.parametrize(
    ("base", "head", "better", "expected"),
    [
        pytest.param([100, 101, 100], [110, 111, 110], "lower", "regressed", id="10 % more"),
        pytest.param([110, 111, 110], [100, 101, 100], "lower", "improved", id="9 % less"),
        pytest.param(
            [110, 111, 110], [100, 101, 100], "higher", "regressed", id="less of what should be much"
        ),
        pytest.param(
            [100, 101, 100], [110, 111, 110], "higher", "improved", id="more of what should be much"
        ),
        pytest.param(
            [100, 112, 106], [111, 125, 118], "lower", "inconclusive", id="11 % more, but it spreads"
        ),
        pytest.param([100, 101, 100], [102, 103, 102], "lower", "no change", id="2 % more for certain"),
        pytest.param([100, 100, 100], [103, 106, 103], "lower", "inconclusive", id="4 % more, perhaps 8"),
        pytest.param([100, 100], [100, 100], "lower", "no change", id="the same to the digit"),
        pytest.param(
            [100, 110, 105], [100, 110, 105], "lower", "inconclusive", id="equal figures that spread"
        ),
        pytest.param([100, 100], [105.1, 105.1], "lower", "regressed", id="5.1 % to the digit"),
        pytest.param([100, 100], [104.9, 104.9], "lower", "no change", id="4.9 % to the digit"),
        pytest.param([100, 100], [94.9, 94.9], "higher", "regressed", id="5.1 % less"),
        pytest.param([100, 100], [95.1, 95.1], "higher", "no change", id="4.9 % less"),
    ],
)
def test_verdicts_of_what_feels_no_drift(
    base: list[float], head: list[float], better: Better, expected: Verdict
) -> None:
    assert change(base, head, better).verdict == expected


def test_the_interval_is_students_of_two_samples() -> None:
    """By hand: means of the logarithms 0 and 1, variances 0.01 each; t at 95 % with 4 degrees of freedom is 2.776."""
    base, head = ([math.exp(log) for log in logs] for logs in ((-0.1, 0, 0.1), (0.9, 1, 1.1)))
    found = change(base, head)
    half = 2.7764 * math.sqrt(0.01 * 2 / 3)
    assert found.ratio == pytest.approx(math.e)
    assert (found.low, found.high) == pytest.approx((math.exp(1 - half), math.exp(1 + half)), rel=1e-4)
    assert (found.verdict, found.unit, found.margin) == ("regressed", "µs", 0.05)
    upside_down = change(head, base, "higher")
    assert (upside_down.low, upside_down.high) == pytest.approx((1 / found.high, 1 / found.low))  # type: ignore[operator]


def test_holm_counts_all_that_is_judged_together() -> None:
    """t = 1 / 0.0816 = 12.2 with 4 degrees of freedom: one-sided p = 0.00013, times 160 is more than 0.02."""
    worse = evidence([math.exp(log) for log in (-0.1, 0, 0.1)], [math.exp(log) for log in (0.9, 1, 1.1)])
    alike = [
        evidence([1.0, 2.0], [1.0, 2.0], metric=f"m{place}", anchors=([1, 1], [1, 1])) for place in range(159)
    ]
    assert judge([worse, *alike[:100]], 0.05)[0].verdict == "regressed"
    assert judge([worse, *alike], 0.05)[0].verdict == "inconclusive"


# --- drift ---------------------------------------------------------------------------------------

LEVEL = [100.0, 101.0, 100.0, 99.0, 100.0]


def through(
    times: float, slower: float, metric: str = "throughput", better: Better = "higher", *, closed: bool = True
) -> Change:
    """What the cell does times what the machine does, the anchor the latter alone."""
    head = [times * figure for figure in LEVEL]
    anchors = ([1000.0] * 5, [slower * 1000.0] * 5)
    (found,) = judge([evidence(LEVEL, head, better, anchors, metric=metric, closed=closed)], 0.05)
    return found


@pytest.mark.parametrize(
    ("cell", "anchor", "expected"),
    [
        pytest.param(0.8, 1.0, "regressed", id="a cell that fell, the anchor did not"),
        pytest.param(
            0.8, 0.8, "inconclusive", id="both fell: the cell computes, or it waits and became slower"
        ),
        pytest.param(1.0, 0.8, "inconclusive", id="the anchor alone: the cell waits, or it became faster"),
        pytest.param(1.0, 1.0, "no change", id="neither"),
        pytest.param(0.6, 0.8, "regressed", id="more than the anchor"),
        pytest.param(1.25, 1.0, "improved", id="the cell rose"),
        pytest.param(0.8, 1.3, "regressed", id="against the drift"),
    ],
)
def test_a_throughput_may_feel_nothing_or_all_of_the_drift(
    cell: float, anchor: float, expected: Verdict
) -> None:
    found = through(cell, anchor)
    assert found.verdict == expected
    assert found.ratio == pytest.approx(cell / anchor)


def test_cpu_time_feels_most_of_the_drift() -> None:
    """1.2 ** 0.2 = 1.037 to either side: 1.25 / 1.037 is more than 5 % worse, and 1.04 * 1.037 more than 5 %."""
    assert through(1.2 * 1.25, 1.2, "cpu", "lower").verdict == "regressed"
    assert through(1.2 * 1.04, 1.2, "cpu", "lower").verdict == "inconclusive"
    assert through(1.2, 1.2, "cpu", "lower").verdict == "no change"


def test_a_tail_at_a_fixed_rate_may_feel_twice_the_drift() -> None:
    assert through(1.2, 1.1, "p99", "lower", closed=True).verdict == "regressed"
    assert through(1.2, 1.1, "p99", "lower", closed=False).verdict == "inconclusive"


def test_drift_that_hides_the_threshold_is_not_a_matter_of_repeats() -> None:
    assert "not even 100 repeats" in through(1.0, 0.8).why[0]


# --- too little ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "head"),
    [([100], [200, 210]), ([100, 101], [200]), ([100], [100])],
    ids=["one against two", "two against one", "one against one"],
)
def test_a_single_repeat_shows_nothing(base: list[float], head: list[float]) -> None:
    found = change(base, head)
    assert (found.verdict, found.mde, found.low) == ("inconclusive", None, None)
    assert found.ratio is not None


def test_without_figures_there_is_no_ratio() -> None:
    found = change([], [1, 2])
    assert (found.verdict, found.ratio, len(found.why)) == ("inconclusive", None, 1)


def test_why_says_how_many_repeats_would_do() -> None:
    """By hand for "no change": 2 (1.96 * 0.05 / ln 1.05)^2 = 8.07 for a figure that did not move, and one more."""
    spread = [
        math.exp(0.05 * step) for step in (-math.sqrt(1.5), 0, math.sqrt(1.5))
    ]  # standard deviation sqrt(1.5)
    found = change(spread, spread)
    needed = math.ceil(2 * (1.96 * 0.05 * math.sqrt(1.5) / math.log(1.05)) ** 2) + 1
    assert found.verdict == "inconclusive"
    assert f"about {needed} repeats" in found.why[0]


# --- properties ----------------------------------------------------------------------------------


@EXAMPLES
@given(several, several, st.sampled_from(["lower", "higher"]), st.floats(0.01, 0.5))
def test_worsened_by_what_would_be_found_it_is_found(
    base: list[float], head: list[float], better: Literal["lower", "higher"], threshold: float
) -> None:
    """Put the head where the ratio is 1, then make it worse by a little more than the mde."""
    first = change(base, head, better, threshold)
    assert first.ratio is not None
    assert first.mde is not None
    assume(better == "lower" or first.mde < 0.99)
    factor = (1 + 1.001 * first.mde if better == "lower" else 1 - 1.001 * first.mde) / first.ratio
    assert change(base, [factor * figure for figure in head], better, threshold).verdict == "regressed"


@EXAMPLES
@given(several, several, st.floats(0.01, 0.5))
def test_the_verdict_of_latency_mirrors_that_of_throughput(
    base: list[float], head: list[float], threshold: float
) -> None:
    mirror = {"regressed": "improved", "improved": "regressed"}
    lower, higher = (change(base, head, better, threshold).verdict for better in ("lower", "higher"))
    assert lower == mirror.get(str(higher), higher)
