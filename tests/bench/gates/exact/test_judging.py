from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.gates.exact.figures import Figure, noise
from bench.gates.exact.judging import add_reasons, compare, missing_scenarios, pool, without_base
from bench.model.change import Change

LIMIT = 0.002
BASE = (1000.0, 1010.0, 990.0, 1000.0, 1005.0)
quick = settings(max_examples=60, derandomize=True)
counts = st.lists(st.floats(1e5, 1e7), min_size=5, max_size=10)


def one(base: Figure | None, head: Figure | None, luck: float = 0.0) -> Change:
    (change,) = compare({"a": base}, {"a": head}, LIMIT, luck)
    return change


def times(*factors: float) -> Figure:
    return Figure(tuple(count * factor for count, factor in zip(BASE, factors, strict=True)))


@pytest.mark.parametrize(
    ("factors", "verdict"),
    [
        pytest.param((1.005,) * 5, "regressed", id="half a percent more in every block"),
        pytest.param((0.995,) * 5, "improved", id="half a percent less"),
        pytest.param((1.0019,) * 5, "no change", id="just below the threshold"),
        pytest.param((1.0021,) * 5, "regressed", id="just above the threshold"),
        pytest.param((1.0, 1.0, 1.0, 1.0, 1.3), "no change", id="one disturbed block"),
        pytest.param(
            (0.95, 0.97, 1.004, 1.03, 1.05), "inconclusive", id="noise far above what is looked for"
        ),
        pytest.param((1.15, 1.17, 1.2, 1.23, 1.25), "regressed", id="a change far above the noise"),
    ],
)
def test_a_change_is_judged_block_by_block(factors: tuple[float, ...], verdict: str) -> None:
    assert one(Figure(BASE), times(*factors)).verdict == verdict


def test_the_figures_of_a_change() -> None:
    found = one(Figure(BASE), times(1.00, 1.01, 1.02, 1.03, 1.04))
    error = 1.2533 * 1.4826 * 0.01 / 5**0.5  # of ratios whose median is 1.02 and median distance 0.01
    assert (found.base, found.ratio) == (1000.0, pytest.approx(1.02))
    assert (found.low, found.high) == (pytest.approx(1.02 - 3 * error), pytest.approx(1.02 + 3 * error))
    assert found.mde == pytest.approx(3 * error)


def test_drift_that_both_versions_share_is_no_noise() -> None:
    found = one(Figure((5000.0, 3000.0, 2000.0)), Figure((5005.0, 3003.0, 2002.0)))
    assert (found.verdict, found.mde) == ("no change", LIMIT)


@pytest.mark.parametrize(
    ("base", "head", "side"), [(None, Figure(BASE), "base"), (Figure(BASE), None, "head")]
)
def test_what_one_side_lacks_is_inconclusive_and_says_which(
    base: Figure | None, head: Figure | None, side: str
) -> None:
    found = one(base, head)
    assert (found.verdict, found.ratio, found.why) == (
        "inconclusive",
        None,
        (f"missing in {side}: nothing to compare with",),
    )


def test_what_only_the_base_has_is_listed() -> None:
    changes = compare({"old": Figure(BASE), "a": Figure(BASE)}, {"a": Figure(BASE)}, LIMIT)
    assert [(change.name, change.verdict) for change in changes] == [
        ("a", "no change"),
        ("old", "inconclusive"),
    ]
    assert [(change.name, change.verdict) for change in missing_scenarios(["gone"])] == [
        ("gone", "regressed")
    ]


def test_versions_that_were_asked_differently_are_not_compared() -> None:
    assert one(Figure(BASE), Figure(BASE[:4])).verdict == "inconclusive"


def test_luck_that_cannot_be_told_apart_counts_as_noise() -> None:
    assert one(Figure(BASE), times(*[1.014] * 5), luck=0.005).verdict == "inconclusive"
    assert one(Figure(BASE), times(*[1.016] * 5), luck=0.005).verdict == "regressed"


def test_lookups_that_are_not_counted_are_told_when_they_multiply() -> None:
    assert one(Figure(BASE, 150), Figure(BASE, 97)).why == ()
    assert "7,000 attribute lookups" in one(Figure(BASE, 150), Figure(BASE, 7000)).why[0]


def test_a_second_measurement_is_pooled_where_there_is_one() -> None:
    found = pool(
        {"a": Figure((1.0,)), "b": Figure((2.0,)), "c": None}, {"a": Figure((3.0,)), "c": Figure((4.0,))}
    )
    assert found == {"a": Figure((1.0, 3.0)), "b": Figure((2.0,)), "c": None}


def test_a_change_that_fresh_processes_do_not_show_is_none() -> None:
    first, again = times(1.004, 1.004, 1.004, 1.004, 1.004), times(1.0, 1.0, 1.0, 1.0, 1.0)
    base = {"a": Figure(BASE)}
    (change,) = compare(pool(base, base), pool({"a": first}, {"a": again}), LIMIT)
    assert change.verdict == "no change"


def test_reasons_are_added_to_what_is_known() -> None:
    (change,) = add_reasons(missing_scenarios(["a"]), {"a": ("because",), "b": ("no",)})
    assert change.why == ("missing in head: the scenario is gone", "because")


def test_without_a_base_there_are_figures_and_no_verdict() -> None:
    (change,) = without_base({"a": Figure(BASE), "b": None})
    assert (change.name, change.verdict, change.head) == ("a", None, 1000.0)


@given(counts, st.floats(0.5, 2))
@quick
def test_scaling_every_block_is_found_exactly(blocks: list[float], factor: float) -> None:
    found = one(Figure(tuple(blocks)), Figure(tuple(count * factor for count in blocks)))
    expected = "regressed" if factor > 1.00201 else "improved" if factor < 0.99799 else found.verdict
    assert (found.ratio, found.verdict) == (pytest.approx(factor), expected)


@given(counts)
@quick
def test_a_version_against_itself_has_not_changed(blocks: list[float]) -> None:
    assert one(Figure(tuple(blocks)), Figure(tuple(blocks))).verdict == "no change"


@given(counts, counts)
@quick
def test_turned_round_a_regression_is_never_one(base: list[float], head: list[float]) -> None:
    size = min(len(base), len(head))
    mine, its = Figure(tuple(base[:size])), Figure(tuple(head[:size]))
    assert {one(mine, its).verdict, one(its, mine).verdict} != {"regressed"}


@given(counts, st.floats(1, 1000))
@quick
def test_noise_grows_with_its_values_and_ignores_one_outlier(values: list[float], factor: float) -> None:
    assert noise([value * factor for value in values]) == pytest.approx(
        noise(values) * factor, rel=1e-6, abs=1e-6
    )
    assert noise([7.0] * len(values) + values[:1]) == 0
