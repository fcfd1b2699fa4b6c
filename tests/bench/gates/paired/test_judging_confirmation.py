"""What is said in the end, from made-up changes and pairs."""

from __future__ import annotations

import math
import re

import pytest

from bench.gates.paired.judging import (
    PairedEvidence,
    add_error_counts,
    add_pairs_needed,
    confirm,
    evidence,
    is_decided,
    open_contaminated,
)
from bench.gates.paired.observation import ArmSlice, ArmSummary, Observation, Turn
from bench.model.change import Change, Verdict


def row(verdict: Verdict, ratio: float = 1.05, metric: str = "cpu", *, beside: bool = False) -> Change:
    return Change("noop", metric, verdict, ratio=ratio, beside=beside)


def fresh(by: float, metric: str = "cpu") -> PairedEvidence:
    """Eight fresh pairs that all lie about so far away."""
    return PairedEvidence(
        name="noop",
        metric=metric,
        differences=tuple(math.log1p(by) + 0.001 * place for place in range(-4, 4)),
        base=1.0,
        head=1.0,
    )


def pair(base_errors: int = 0, head_errors: int = 0, ratio: float = 1.0, requests: int = 1000) -> Observation:
    turn = Turn(ArmSlice(100, 1_000_000, 1_000_000), ArmSlice(100, 1_000_000, round(1_000_000 * ratio)))
    faults = ("status-500",) if base_errors or head_errors else ()
    return Observation(
        (turn,),
        ArmSummary(p50_ms=1.0, p99_ms=2.0, errors=base_errors, requests=requests, faults=faults),
        ArmSummary(p50_ms=1.0, p99_ms=2.0, errors=head_errors, requests=requests, faults=faults),
    )


@pytest.mark.parametrize(
    ("earlier", "now", "by", "verdict"),
    [
        pytest.param("regressed", "regressed", 0.05, "regressed", id="shown again"),
        pytest.param("regressed", "regressed", 0.0, "inconclusive", id="the fresh ones do not show it"),
        pytest.param("regressed", "regressed", -0.05, "inconclusive", id="the fresh ones show the contrary"),
        pytest.param("regressed", "inconclusive", 0.05, "inconclusive", id="all together do not show it"),
        pytest.param("regressed", "no change", 0.05, "no change", id="all together prove that it is small"),
        pytest.param("inconclusive", "regressed", 0.05, "inconclusive", id="seen with the fresh ones only"),
        pytest.param("no change", "no change", 0.0, "no change", id="never suspected"),
    ],
)
def test_what_is_said_after_a_confirmation(
    earlier: Verdict, now: Verdict, by: float, verdict: Verdict
) -> None:
    (found,) = confirm([row(earlier)], [row(now, 1.04)], [fresh(by)])
    assert (found.verdict, found.ratio) == (verdict, 1.04)
    assert bool(found.why) is (earlier == "regressed" and verdict == "inconclusive")


def test_without_fresh_pairs_of_that_metric_nothing_is_confirmed() -> None:
    (found,) = confirm([row("regressed")], [row("regressed")], [fresh(0.05, "p50")])
    assert found.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("control", "verdict"),
    [
        pytest.param([pair() for _ in range(16)], "regressed", id="a calm control"),
        pytest.param(
            [pair(ratio=1.03) for _ in range(16)], "inconclusive", id="a control that moved by half"
        ),
        pytest.param(
            [pair(ratio=1.01) for _ in range(16)], "regressed", id="a control that moved by a fifth"
        ),
        pytest.param(
            [pair(ratio=1.03) for _ in range(8)], "regressed", id="eight pairs are no evidence at that level"
        ),
        pytest.param(
            [pair(head_errors=1), *(pair() for _ in range(15))], "inconclusive", id="a control that failed"
        ),
        pytest.param([], "regressed", id="nothing was measured"),
    ],
)
def test_when_changes_are_put_down_to_the_machine(control: list[Observation], verdict: Verdict) -> None:
    found = open_contaminated([row("regressed"), row("no change", 1.0)], control)
    assert [one.verdict for one in found] == [verdict, "no change"]
    assert any("contaminated" in why for why in found[0].why) is (verdict == "inconclusive")


def test_failed_requests_are_facts_whatever_the_control_does() -> None:
    wrong = Change("noop", "errors", "regressed", base=0, head=50)
    assert open_contaminated([wrong], [pair(ratio=1.1) for _ in range(16)]) == [wrong]


def test_what_failed_is_counted_by_requests_and_by_pairs() -> None:
    seen = [pair(2, 5), pair(0, 3), pair(4, 1), pair(1, 1), pair()]
    (why, *_) = add_error_counts(Change("noop", "errors", "inconclusive", base=7, head=10), seen).why
    assert [int(word) for word in re.sub(r"status-500|,", "", why).split() if word.isdigit()] == [
        *(7, 5000),  # of the base
        *(10, 5000),  # of the head
        *(5, 2, 1),  # pairs; more in the head, more in the base
    ]
    assert "status-500" in why


def test_only_errors_are_counted() -> None:
    assert add_error_counts(row("regressed"), [pair(1, 2)]) == row("regressed")


def test_a_row_that_only_the_fresh_pairs_have_waits_for_the_next_look() -> None:
    (found,) = confirm([], [Change("noop", "errors", "regressed", base=0, head=9)], [])
    assert found.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("head_errors", "verdict"),
    [
        pytest.param([3, 0, 5, 2, 8, 1, 0, 0], "regressed", id="five of five: one in 32"),
        pytest.param([3, 0, 5, 2, 8, 0, 0, 0], "inconclusive", id="four of four: one in sixteen"),
        pytest.param([0] * 8, "inconclusive", id="no more errors"),
    ],
)
def test_errors_are_confirmed_by_fresh_pairs(head_errors: list[int], verdict: Verdict) -> None:
    seemed = Change("noop", "errors", "regressed", base=0, head=9)
    (found,) = confirm([seemed], [seemed], evidence({"noop": [pair(0, count) for count in head_errors]}))
    assert found.verdict == verdict


def test_what_is_open_says_what_would_decide_it() -> None:
    one = PairedEvidence(
        name="noop", metric="cpu", differences=(0.03, -0.03, 0.02, -0.02, 0.01, -0.01), base=1.0, head=1.0
    )
    # 2.289 x 0.02366 / ln 1.02, squared: 8 pairs; a fifth more over three looks, but at least one more than there were.
    said = add_pairs_needed(row("inconclusive", 1.0), [one], 8, 120.0, 0.02).why
    assert said == ("about 8 pairs in all would decide it, 9 a look, 135 s: --pairs 9 --seconds 135",)


def test_what_no_number_of_pairs_would_decide_says_so() -> None:
    one = PairedEvidence(
        name="noop", metric="cpu", differences=(0.3, -0.3, 0.2, -0.2, 0.1, -0.1), base=1.0, head=1.0
    )
    (said,) = add_pairs_needed(row("inconclusive", 1.0), [one], 8, 120.0, 0.02).why
    assert said.endswith("pairs would decide it, more than this can start; a quieter machine needs fewer")


@pytest.mark.parametrize(
    "change",
    [row("no change"), row("regressed"), row("inconclusive", beside=True)],
    ids=["proven", "found", "not waited for"],
)
def test_what_is_not_open_needs_no_explanation(change: Change) -> None:
    assert add_pairs_needed(change, [fresh(0.0)], 8, 120.0, 0.02) == change


def test_when_a_scenario_is_decided() -> None:
    assert is_decided([row("regressed"), row("inconclusive")])
    assert is_decided([row("no change"), row("inconclusive", metric="p99", beside=True)])
    assert not is_decided([row("improved"), row("inconclusive", metric="throughput")])
