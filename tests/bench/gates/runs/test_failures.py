"""Errors and lag of the head: when they are a regression, and when they may be chance."""

from __future__ import annotations

import pytest

from bench.model.change import Verdict
from bench.model.record import Caveat, Record
from tests.bench.builders import OPEN, repeats
from tests.bench.gates.runs.compared import (
    ANCHORS,
    ERRORS,
    SATURATED,
    SHED,
    failing,
    outcome,
)


@pytest.mark.parametrize(
    ("base", "new", "expected"),
    [
        pytest.param((0, 0, 0), (40, 40, 40), "regressed", id="in all repeats, before in none"),
        pytest.param((0, 0, 0), (0, 1, 0), "inconclusive", id="one request of one repeat"),
        pytest.param((0, 0, 0), (0, 40, 0), "inconclusive", id="a burst in one repeat"),
        pytest.param((0, 0, 0), (1, 1, 1), "inconclusive", id="three requests in all: p = 1/8"),
        pytest.param((0, 40, 0), (40, 40, 40), "inconclusive", id="a burst before, too: 2 cases of 10"),
        pytest.param((0, 40, 0, 0, 0), (40,) * 5, "regressed", id="in 5 of 5 after 1 of 5: 6 cases of 252"),
        pytest.param((0, 0), (40, 40), "inconclusive", id="two repeats are too few"),
        pytest.param((0,), (3000,), "regressed", id="nothing but errors"),
        pytest.param((9,), (3000,), "inconclusive", id="nothing but errors, which the base had as well"),
        pytest.param((40, 40, 40), (40, 40, 40), "inconclusive", id="the same errors before"),
        pytest.param((40, 40, 40), (0, 0, 0), "inconclusive", id="errors that are gone"),
    ],
)
def test_errors_are_a_regression_where_requests_and_repeats_both_show_it(
    base: tuple[int, ...], new: tuple[int, ...], expected: Verdict
) -> None:
    """3,000 requests in each repeat."""
    (change,) = outcome(failing(base), failing(new)).judgement.changes
    assert change.verdict == expected
    if any(new):
        assert (change.metric, change.base, change.head) == ("errors", sum(base), sum(new))
        assert change.why[0] == ERRORS.text


def test_a_load_that_only_the_base_could_serve_is_a_regression_if_it_happens_every_time() -> None:
    good = repeats("a", "io-async", 400, 400, 400, load=OPEN)
    bad = repeats("a", "io-async", 300, 300, 300, load=OPEN, valid=False, caveats=(SHED,))
    (change,) = outcome(good, bad).judgement.changes
    assert (change.metric, change.verdict, change.base, change.head) == ("throughput", "regressed", 400, 300)
    assert change.why == (SHED.text,)
    for new in ((*good[:2], bad[2]), bad[:2]):
        assert [one.verdict for one in outcome(good, new).judgement.changes] == ["inconclusive"]
    assert [one.verdict for one in outcome(bad, bad).judgement.changes] == ["inconclusive"]


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        pytest.param(
            repeats("anchor", "ping", *[400.0] * 3, load=OPEN, cpu_us=84.0), "regressed", id="5 % slower"
        ),
        pytest.param(
            repeats("anchor", "ping", *[400.0] * 3, load=OPEN, cpu_us=85.0), "inconclusive", id="6 % slower"
        ),
        pytest.param(
            repeats("anchor", "ping", *[400.0] * 3, load=OPEN, caveats=(SHED,), valid=False),
            "inconclusive",
            id="it shed, too",
        ),
        pytest.param(
            repeats("anchor", "ping", *[2e3] * 3, cpu_us=80.0), "regressed", id="a closed one tells as well"
        ),
        pytest.param((), "inconclusive", id="none"),
    ],
)
def test_who_lags_behind_has_regressed_only_if_the_machine_was_no_slower(
    anchor: tuple[Record, ...], expected: Verdict
) -> None:
    """The anchors of the base take 80 us."""
    good = repeats("a", "io-async", 400, 400, 400, load=OPEN)
    bad = repeats("a", "io-async", 300, 300, 300, load=OPEN, valid=False, caveats=(SHED,))
    (change, *_) = outcome(good, bad, "missing", anchors=(ANCHORS, anchor)).judgement.changes
    assert change.verdict == expected


@pytest.mark.parametrize(
    "doubt", [Caveat("steal", "the hypervisor took 9 %"), SATURATED], ids=lambda doubt: doubt.code
)
def test_faults_on_a_machine_that_was_not_quiet_conclude_nothing(doubt: Caveat) -> None:
    good, bad = failing((0, 0, 0)), failing((40, 40, 40), doubt)
    assert [one.verdict for one in outcome(good, bad).judgement.changes] == ["inconclusive"]
    served = repeats("a", "io-async", 400, 400, 400, load=OPEN)
    late = repeats("a", "io-async", 300, 300, 300, load=OPEN, valid=False, caveats=(SHED, doubt))
    assert [one.verdict for one in outcome(served, late).judgement.changes] == ["inconclusive"]
