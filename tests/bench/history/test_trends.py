from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

import pytest

from bench.history.trends import advice, trends
from tests.bench.history.entries import ANCHOR, HERE, THERE, commit, entry, history

STEP = [1.0, 1.01, 0.99, 1.0, 1.01, 0.99] * 2 + [1.2, 1.21, 1.19, 1.2, 1.21, 1.19] * 2


def places(*entries: object) -> list[list[int]]:
    """Of the only trend, the places of each line's points."""
    (trend,) = trends(entries)  # type: ignore[arg-type]
    return [[point.place for point in line.points] for line in trend.lines]


# --- the entries that count ----------------------------------------------------------------------


# --- trends --------------------------------------------------------------------------------------


def test_a_trend_is_one_metric_of_one_thing_against_one_anchor() -> None:
    apart = [
        entry(0),
        entry(0, metric="p50"),
        entry(0, name="other"),
        entry(0, anchor="other"),
        entry(0, anchor=None),
    ]
    assert [(trend.name, trend.metric, trend.anchor) for trend in trends(apart)] == [
        ("uvicorn / noop-async", "cpu", ANCHOR),
        ("uvicorn / noop-async", "p50", ANCHOR),
        ("other", "cpu", ANCHOR),
        ("uvicorn / noop-async", "cpu", "other"),
        ("uvicorn / noop-async", "cpu", None),
    ]


def test_each_machine_has_a_line_of_its_own_over_the_same_commits() -> None:
    mixed = [entry(0), entry(1, machine=THERE), entry(2), entry(2, machine=THERE), entry(3)]
    assert places(*mixed) == [[0, 2, 3], [1, 2]]


def test_a_faster_machine_is_no_change() -> None:
    both = [entry(day, 1.0 if day % 2 else 2.0, machine=HERE if day % 2 else THERE) for day in range(40)]
    swapped = [entry(day, 1.0 if day < 20 else 2.0, machine=HERE if day < 20 else THERE) for day in range(40)]
    for entries in (both, swapped):
        (trend,) = trends(entries)
        assert [line.changes for line in trend.lines] == [(), ()]


@pytest.mark.parametrize(("metric", "worse"), [("cpu", True), ("throughput", False), ("unheard-of", True)])
def test_a_step_is_a_change_at_its_first_commit_and_which_way_is_worse(metric: str, worse: bool) -> None:
    (trend,) = trends(history(STEP, metric=metric))
    (change,) = trend.lines[0].changes
    assert (change.commit, change.point.place, change.worse) == (commit(12), 12, worse)
    assert change.ratio == pytest.approx(1.2)
    assert trend.lines[0].levels == ((0, 11, pytest.approx(1.0)), (12, 23, pytest.approx(1.2)))


def test_a_step_down_is_worse_for_throughput_only() -> None:
    found = {metric: trends(history(STEP[::-1], metric=metric))[0] for metric in ("cpu", "throughput")}
    assert {metric: trend.lines[0].changes[0].worse for metric, trend in found.items()} == {
        "cpu": False,
        "throughput": True,
    }


def test_a_change_names_the_packages_that_changed_with_it() -> None:
    old, new = {"uvicorn": "0.54.0", "h11": "0.16.0"}, {"uvicorn": "0.55.0", "h11": "0.16.0", "anyio": "4"}
    entries = [entry(day, value, versions=old if day < 12 else new) for day, value in enumerate(STEP)]
    (trend,) = trends(entries)
    assert trend.lines[0].changes[0].packages == ("uvicorn 0.54.0 → 0.55.0", "anyio absent → 4")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([1.0, 1.5], (1.5, 0.0, math.inf), id="one before it has no spread"),
        pytest.param([2.0, 2.0, 1.5], (0.75, 0.75, 0.75), id="lower than two that are alike"),
        pytest.param(
            [math.exp(-0.01), math.exp(0.01), 1.0, math.exp(0.1)],
            (math.exp(0.1), math.exp(0.1 - 0.04968), math.exp(0.1 + 0.04968)),
            id="logarithms -0.01, 0.01, 0: s is 0.01, t of two degrees 4.303, times sqrt(4 / 3)",
        ),
        pytest.param([9.0] * 5 + [1.0] * 10 + [1.5], (1.5, 1.5, 1.5), id="only the last ten before it count"),
    ],
)
def test_the_last_figure_against_those_before_it(
    values: list[float], expected: tuple[float, float, float]
) -> None:
    (trend,) = trends(history(values))
    found = trend.lines[0].latest
    assert found is not None
    assert (found.ratio, found.low, found.high) == pytest.approx(expected, rel=1e-4)
    assert found.shown == (not expected[1] <= 1 <= expected[2])


def test_the_first_figure_has_nothing_before_it() -> None:
    (trend,) = trends(history([1.0]))
    assert trend.lines[0].latest is None


@pytest.mark.parametrize(("last", "shown"), [(1.019, False), (1.03, True)])
def test_counts_differ_where_both_of_their_gates_would_find_it(last: float, shown: bool) -> None:
    """Each has a range of 0.01 on either side."""
    (trend,) = trends(history([1.0, last], anchor=None))
    found = trend.lines[0].latest
    assert found is not None
    assert found.shown == shown


def test_a_last_figure_of_the_same_level_is_rarely_shown() -> None:
    """In 5 % of 800 lines of independent figures: Student's prediction interval."""
    rng = Random(5)
    lines = [[math.exp(rng.gauss(0, 0.02)) for _ in range(6)] for _ in range(800)]
    found = [trends(history(values))[0].lines[0].latest for values in lines]
    assert 0.03 < sum(one is not None and one.shown for one in found) / len(lines) < 0.07


def test_advice_is_by_commit_the_youngest_first() -> None:
    late = [entry(day, value, metric="p50") for day, value in enumerate([1.0] * 18 + [1.5] * 6)]
    mine = [*history(STEP), *history(STEP, metric="memory"), *late]
    found = advice(trends(mine))
    assert {one.subject: [trend.metric for trend, _ in changes] for one, changes in found.items()} == {
        "subject 18": ["p50"],
        "subject 12": ["cpu", "memory"],
    }
    assert list(found) == [commit(18), commit(12)]


# --- services ------------------------------------------------------------------------------------


def test_packages_of_the_service_are_compared_where_both_entries_know_it() -> None:
    def packages(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, ...]:
        entries = [
            entry(day, value, **(before if day < 12 else after))  # type: ignore[arg-type]
            for day, value in enumerate(STEP)
        ]
        return trends(entries)[0].lines[0].changes[0].packages

    old, new = ({"versions": {"uvicorn": one}} for one in ("0.54.0", "0.55.0"))
    shop_old, shop_new = (
        {"service": "shop", "versions": {"fastapi": fastapi}, "harness": {"uvicorn": uvicorn}}
        for fastapi, uvicorn in (("0.115.0", "0.54.0"), ("0.116.0", "0.55.0"))
    )
    assert packages(old, new) == ("uvicorn 0.54.0 → 0.55.0",)
    assert packages(shop_old, shop_new) == ("fastapi 0.115.0 → 0.116.0", "harness: uvicorn 0.54.0 → 0.55.0")
    assert packages(old, shop_new) == ("harness: uvicorn 0.54.0 → 0.55.0",)


def test_a_line_goes_on_when_its_service_gets_a_name_and_two_services_have_lines_of_their_own() -> None:
    (trend,) = trends([entry(0), entry(1, service="shop"), entry(2, service="shop")])
    assert [[point.place for point in line.points] for line in trend.lines] == [[0, 1, 2]]
    two = trends([entry(0, service="shop"), entry(0, service="cart"), entry(1, service="shop")])
    assert [(one.name, len(one.lines[0].points)) for one in two] == [
        ("shop / uvicorn / noop-async", 2),
        ("cart / uvicorn / noop-async", 1),
    ]
