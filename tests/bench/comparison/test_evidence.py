from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.comparison.evidence import Better, judged
from bench.stats import estimate
from bench.verdict import Change, Verdict

BLANK = Change("a", "cpu", None, unit="µs")
EXAMPLES = settings(max_examples=60, derandomize=True)
several = st.lists(st.floats(1, 1000), min_size=2, max_size=5)


def change(base: list[float], new: list[float], better: Better = "lower", threshold: float = 0.05) -> Change:
    return judged(BLANK, estimate(base), estimate(new), better, threshold)


@pytest.mark.parametrize(
    ("base", "new", "better", "expected"),
    [
        pytest.param([100, 101], [110, 111], "lower", "regressed", id="apart and 9.5 % more"),
        pytest.param([110, 111], [100, 101], "lower", "improved", id="apart and 9 % less"),
        pytest.param([110, 111], [100, 101], "higher", "regressed", id="less of what should be much"),
        pytest.param([100, 101], [110, 111], "higher", "improved", id="more of what should be much"),
        pytest.param(
            [100, 112], [111, 125], "lower", "inconclusive", id="11 % more, but the repeats overlap"
        ),
        pytest.param([100, 101], [102, 103], "lower", "no change", id="apart, but all within 5 %"),
        pytest.param([100, 100], [103, 106], "lower", "inconclusive", id="4.5 % more, and up to 6"),
        pytest.param([100, 100], [100, 100], "lower", "no change", id="the same to the digit"),
        pytest.param(
            [100, 110], [100, 110], "lower", "inconclusive", id="equal figures that spread over 10 %"
        ),
        pytest.param([100, 105], [100, 100], "lower", "no change", id="a ratio of 100 / 105 is within 5 %"),
        pytest.param([100, 106], [100, 100], "lower", "inconclusive", id="a ratio of 100 / 106 is not"),
    ],
)
def test_verdicts(base: list[float], new: list[float], better: Better, expected: Verdict) -> None:
    assert change(base, new, better).verdict == expected


def test_figures_are_medians_their_ratio_and_the_extreme_ratios() -> None:
    found = change([90, 100, 125], [200, 220, 250])
    assert (found.base, found.head, found.ratio, found.unit) == (100, 220, 2.2, "µs")
    assert (found.low, found.high) == (200 / 125, 250 / 90)
    assert found.margin == 0.05


@pytest.mark.parametrize(
    ("base", "new"),
    [([100], [200, 210]), ([100, 101], [200]), ([100], [100])],
    ids=["one against two", "two against one", "one against one"],
)
def test_a_single_repeat_shows_nothing(base: list[float], new: list[float]) -> None:
    found = change(base, new)
    assert (found.verdict, found.mde) == ("inconclusive", None)
    assert found.why == ("a single repeat has no spread, so it shows nothing",)
    assert found.ratio is not None


@pytest.mark.parametrize(
    ("base", "new"),
    [([0, 1], [1, 2]), ([], [1, 2]), ([1, 2], [])],
    ids=["a base of nothing", "no base", "nothing new"],
)
def test_where_nothing_can_be_divided_nothing_is_known(base: list[float], new: list[float]) -> None:
    found = change(base, new)
    assert (found.verdict, found.ratio, found.why) == (
        "inconclusive", None, ("there is no figure to divide by",)
    )  # fmt: skip


def test_a_head_of_nothing_is_judged() -> None:
    assert change([10, 11], [0, 0], "higher").verdict == "regressed"


@EXAMPLES
@given(several, several, st.sampled_from(["lower", "higher"]), st.floats(0.01, 0.5))
def test_worsened_by_what_would_be_found_it_is_found(
    base: list[float], new: list[float], better: Literal["lower", "higher"], threshold: float
) -> None:
    """Put the new repeats where the median is the base's, then make them worse by a little more than the mde."""
    old, young = estimate(base), estimate(new)
    assert old is not None
    assert young is not None
    mde = judged(BLANK, old, young, better, threshold).mde
    assert mde is not None
    assume(better == "lower" or mde < 0.99)
    factor = (old.median / young.median) * (1 + 1.001 * mde if better == "lower" else 1 - 1.001 * mde)
    worse = [factor * figure for figure in new]
    assert change(base, worse, better, threshold).verdict == "regressed"


@EXAMPLES
@given(several, several, st.floats(0.01, 0.5))
def test_the_verdict_of_latency_mirrors_that_of_throughput(
    base: list[float], new: list[float], threshold: float
) -> None:
    mirror = {"regressed": "improved", "improved": "regressed"}
    lower, higher = (change(base, new, better, threshold).verdict for better in ("lower", "higher"))
    assert lower == mirror.get(str(higher), higher)
