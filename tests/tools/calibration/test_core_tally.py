"""Counts by hand."""

from __future__ import annotations

import math

import pytest

from tests.tools.calibration.core_runs import by_size, core_run, said, standing
from tools.calibration.core_tally import (
    CoreGroup,
    agreement,
    contradictions,
    core_groups,
    is_ordered,
    is_usual,
)
from tools.calibration.tally import Rate


def test_a_run_declares_a_difference_however_many_it_declares() -> None:
    quiet = core_run(standing("s1", "best"), standing("s2", "unresolved"), check="core-same")
    loud = core_run(standing("s1", "worse"), standing("s2", "worse", metric="throughput"), check="core-same")
    pair = core_run(said("s2", "worse", base="s1"), check="core-same")
    assert CoreGroup("core-same", (quiet, loud, pair)).declaring == Rate(1, 3)


def test_a_size_is_shown_by_the_verdict_and_ordered_by_the_estimate() -> None:
    group = CoreGroup(
        "core-order",
        (by_size(1.03, 1.05, 1.10), by_size(0.99, 1.02, 1.10, verdict="unresolved")),
    )
    assert (group.shown("plus3"), group.shown("plus10")) == (Rate(1, 2), Rate(1, 2))
    assert (group.ordered("plus3"), group.ordered("plus5")) == (Rate(1, 2), Rate(2, 2))
    assert group.ratios("plus3") == [1.03, 0.99]
    assert group.all_ordered == Rate(1, 2)


def test_a_run_that_says_nothing_of_a_setup_has_not_shown_it() -> None:
    group = CoreGroup("core-order", (core_run(said("plus3", "worse", 1.03)),))
    assert (group.shown("plus5"), group.ordered("plus5")) == (Rate(0, 1), Rate(0, 1))
    assert not is_ordered(group.runs[0])


@pytest.mark.parametrize(
    ("verdict", "wrong"),
    [
        pytest.param(said("plus3", "better", 0.95), 1, id="dearer, called better than the first"),
        pytest.param(
            said("plus10", "better", 0.97, base="plus3", metric="throughput"), 1, id="by throughput"
        ),
        pytest.param(standing("base", "worse", 1.04), 1, id="the cheapest, called worse than the best"),
        pytest.param(standing("plus3", "worse", 1.04), 0, id="a dearer one, rightly"),
        pytest.param(standing("plus3", "best"), 0, id="an estimate on the wrong side shows nothing"),
        pytest.param(said("plus3", "same"), 0, id="3 % may be the same as nothing"),
    ],
)
def test_wrong_verdicts_contradict_the_true_order(verdict: object, wrong: int) -> None:
    group = CoreGroup("core-neighbour", (core_run(verdict),))  # type: ignore[arg-type]
    assert group.wrong == Rate(wrong, 1)


def test_pairs_that_are_better_in_one_run_and_worse_in_another() -> None:
    runs = [core_run(said("b", one, base="a"), said("c", "worse", base="a")) for one in ("better", "worse")]
    assert [(base, head) for _, base, head, _ in contradictions(runs)] == [("a", "b")]
    unresolved = [core_run(said("b", one, base="a")) for one in ("better", "unresolved", "same")]
    assert contradictions(unresolved) == ()


def test_runs_agree_on_a_question_where_all_say_the_same() -> None:
    first = core_run(said("b", "better"), said("c", "worse"), standing("a", "best"), standing("b", "same"))
    second = core_run(said("b", "better"), said("c", "same"), standing("a", "same"), standing("b", "best"))
    third = core_run(said("b", "better"), said("c", "worse"), standing("a", "best"), standing("b", "worse"))
    assert agreement([first, second, third], of_standings=False) == Rate(1, 2)
    assert agreement([first, second, third], of_standings=True) == Rate(
        1, 2
    )  # a: the best, or the same as it


def test_a_question_that_a_run_leaves_open_is_none() -> None:
    runs = [core_run(said("b", "better"), said("c", "worse")), core_run(said("b", "better"))]
    assert agreement(runs, of_standings=False) == Rate(1, 1)


def test_widths_are_those_of_pairs_and_finite() -> None:
    wide = said("plus5", "unresolved", reach=math.inf)
    run = core_run(said("plus3", "same", reach=0.02), wide, standing("base", "best"))
    assert CoreGroup("core-order", (run,)).half_widths("CPU") == [pytest.approx(0.02)]
    assert CoreGroup("core-order", (run,)).half_widths("throughput") == []


def test_groups_are_of_one_check_and_one_length_without_what_failed() -> None:
    runs = [
        core_run(number=1),
        core_run(number=0),
        core_run(minutes=0.3, rounds=2),
        core_run(check="core-same"),
        core_run(number=2, error="no"),
    ]
    found = core_groups(runs)
    assert [(one.check, [run.number for run in one.runs], is_usual(one)) for one in found] == [
        ("core-same", [0], True),
        ("core-order", [0], False),
        ("core-order", [0, 1], True),
    ]


def test_time_is_that_of_the_median_run() -> None:
    runs = tuple(core_run(took_s=took_s, sliced_s=30.0) for took_s in (60.0, 100.0, 120.0))
    group = CoreGroup("core-order", runs)
    assert (group.median_s, group.longest_s) == (100.0, 120.0)
    assert group.outside_share == pytest.approx(0.7)
