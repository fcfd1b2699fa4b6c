"""Which cases are run, how often, and what comes of them; and the short form as it is run in CI."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import psutil
import pytest

from bench.machine.selftest.cases import CASES
from bench.machine.selftest.comparison import FigureCheck
from bench.machine.selftest.session import Result, choose_cases, is_settled
from bench.model.plan import OpenLoad
from tests.bench.program import bench, lives, poll, read_until, start

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


def test_a_name_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = bench("selftest", "--case", "frezee", cwd=tmp_path)
    assert done.returncode == 2
    assert "'freeze'" in done.stderr
    done = bench("selftest", "--engine", "locst", cwd=tmp_path)
    assert done.returncode == 2
    assert "'locust'" in done.stderr


def test_no_case_is_no_proof(tmp_path: Path) -> None:
    done = bench("selftest", "--case", "closes-untold", "--engine", "locust", cwd=tmp_path)
    assert done.returncode == 2
    assert "no case" in done.stderr


@pytest.mark.alone
def test_the_short_form_is_right_on_this_machine(tmp_path: Path) -> None:
    done = bench("selftest", "--short", "--json", cwd=tmp_path)
    said = json.loads(done.stdout)

    assert [case["verdict"] for case in said["cases"] if case["verdict"] == "wrong"] == [], done.stdout
    assert done.returncode == 0
    assert len(said["cases"]) == len(choose_cases(short=True))
    checked = [check["what"] for case in said["cases"] for check in case["checks"] if check["right"]]
    assert checked.count("requests") == checked.count("answers") == len(said["cases"])


def test_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    with start("selftest", "--case", "freeze", "--engine", "native", cwd=tmp_path) as child:
        read_until(child, "[1/2]")
        family = poll(lambda: _with_a_server(psutil.Process(child.pid).children(recursive=True)))
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=10)[1]
    assert child.returncode == 130
    assert "Traceback" not in said
    assert poll(lambda: not any(map(lives, family)))


def _with_a_server(family: list[psutil.Process]) -> list[psutil.Process]:
    named = [" ".join(process.cmdline()) for process in family]
    return family if any("bench.machine.selftest.server" in words for words in named) else []
