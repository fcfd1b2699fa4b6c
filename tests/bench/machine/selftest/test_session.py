"""Which cases are run, how often, and what comes of them."""

from __future__ import annotations

import pytest

from bench.machine.selftest.cases import CASES
from bench.machine.selftest.comparison import FigureCheck
from bench.machine.selftest.session import Result, choose_cases, is_settled
from bench.model.plan import OpenLoad

RIGHT = FigureCheck(what="requests", server="3", engine="3", right=True, exact=True)
MISCOUNTED = FigureCheck(what="requests", server="3", engine="4", right=False, exact=True)
LATE = FigureCheck(what="response p99", server="3 ms", engine="9 ms", right=False, disturbed=True)
MISSING = FigureCheck(what="caveats due", server="stalled", engine="none", right=False)

VERDICTS = {
    "right": ((RIGHT,), frozenset(), "right", 1),
    "right though the machine was busy": ((RIGHT,), {"other-load"}, "right", 1),
    "a time": ((RIGHT, LATE), frozenset(), "wrong", 3),
    "a time, on a busy machine": ((RIGHT, LATE), {"other-load"}, "disturbed", 2),
    "a caveat that is missing, on a busy machine": ((RIGHT, LATE, MISSING), {"steal"}, "wrong", 3),
    "a count": ((MISCOUNTED,), frozenset(), "wrong", 1),
    "a count, on a busy machine": ((MISCOUNTED, LATE), {"other-load"}, "wrong", 1),
}


@pytest.mark.parametrize(("checks", "disturbance", "verdict", "tries"), VERDICTS.values(), ids=VERDICTS)
def test_a_busy_machine_excuses_times_and_nothing_else(
    checks: tuple[FigureCheck, ...], disturbance: frozenset[str], verdict: str, tries: int
) -> None:
    result = [Result(CASES[0], checks, tried, frozenset(disturbance)) for tried in range(1, 5)]

    assert result[0].verdict == verdict
    assert [is_settled(one) for one in result].index(True) + 1 == tries


def test_cases_are_chosen_by_name_engine_and_form() -> None:
    assert choose_cases() == CASES
    assert {case.engine for case in choose_cases(["drops"])} == {"native", "locust", "locust-http"}
    assert {case.name for case in choose_cases(["drops", "freeze"], ["locust"])} == {"drops", "freeze"}
    assert choose_cases(["closes-untold"], ["locust"]) == ()


def test_the_short_form_and_the_doctor_take_the_most_telling() -> None:
    short, doctor = choose_cases(short=True), choose_cases(doctor=True)

    assert {"freeze", "drift", "drops"} <= {case.name for case in short}
    assert {case.engine for case in short} == {"native", "locust"}
    assert {isinstance(case.load, OpenLoad) for case in short} == {True, False}
    assert sum(case.load.warmup_s + case.load.duration_s + 1.5 for case in short) < 30
    assert len(doctor) == 3
