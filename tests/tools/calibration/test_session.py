from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import GateError
from tests.tools.calibration.runs import row, trial
from tools.calibration.clone import git
from tools.calibration.faults import DOCUMENTED, FAULTS
from tools.calibration.ledger import Ledger
from tools.calibration.session import Asked, PlannedRun, calibrate, steps, summary, title

ROOT = Path(__file__).parents[3]


def numbers(found: list[PlannedRun]) -> list[tuple[str, str, int]]:
    return [(step.gate, step.fault.name, step.number) for step in found]


def test_a_run_of_each_fault_then_another_of_each() -> None:
    asked = Asked(("paired",), ("a-a", "leak"), runs=2)
    assert numbers(steps(asked, [])) == [
        ("paired", "a-a", 0),
        ("paired", "leak", 0),
        ("paired", "a-a", 1),
        ("paired", "leak", 1),
    ]


def test_what_is_done_is_not_done_again_but_for_what_failed_or_had_another_length() -> None:
    asked = Asked(("paired",), ("a-a",), runs=4, seconds=40.0)
    done = [trial(number=0), trial(number=1, error="no luck", status=2), trial(number=2, seconds=120.0)]
    assert numbers(steps(asked, done)) == [("paired", "a-a", number) for number in (1, 2, 3)]


def test_the_exact_gate_has_no_length_that_a_run_could_differ_in() -> None:
    asked = Asked(("exact",), ("a-a",), runs=1, seconds=77.0)
    assert steps(asked, [trial(gate="exact", seconds=None)]) == []


def test_without_a_number_each_fault_has_its_own() -> None:
    found = steps(Asked(), [])
    for gate in ("exact", "paired"):
        for name, fault in FAULTS.items():
            mine = [step for step in found if (step.gate, step.fault.name) == (gate, name)]
            assert (len(mine), {step.runs for step in mine}) == (fault.runs[gate], {fault.runs[gate]})
    assert {step.gate for step in found[:40]} == {"exact"}


def test_progress_says_what_was_found_and_what_should_not_have_been() -> None:
    spoiled = ("noop-async", "json-model")
    said = trial(
        row("noop-async", "regressed", 1.05),
        row("json-model", "inconclusive"),
        row("ping", "regressed", 1.02),
        fault="cpu-5",
        spoiled=spoiled,
        scenarios=(*spoiled, "ping"),
    )
    assert summary(said) == "found: noop-async; inconclusive: json-model; FALSE ALARM: ping cpu"
    assert summary(trial(row("noop-async", "no change"))) == "no false alarm"
    assert summary(trial(status=2, error="bench: x\nbench: y")) == "no verdict, status 2: bench: y"
    assert title(PlannedRun("paired", FAULTS["cpu-5"], 0, 5)) == "paired, cpu-5, 1 of 5"


def test_where_no_run_comes_to_a_verdict_it_ends_after_three_and_they_are_kept(tmp_path: Path) -> None:
    source, told = tmp_path / "source", list[str]()
    for file in DOCUMENTED:  # files of the app, and no app that could be served
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        (source / file).write_text((ROOT / file).read_text())
    for name in ("bench", "scenarios"):
        if not (source / name).exists():
            (source / name).symlink_to(ROOT / name)
    git(tmp_path, "init", "-q", str(source))
    git(source, "add", ".")
    git(source, "commit", "-q", "-m", "half an app")
    ledger = Ledger(tmp_path / "raw")
    with pytest.raises(GateError, match="3 runs in a row"):
        calibrate(Asked(("paired",), ("a-a",), runs=5), ledger, source, told.append)
    kept = ledger.trials()
    assert [(one.number, one.status, one.fault, bool(one.error)) for one in kept] == [
        (number, 2, "a-a", True) for number in range(3)
    ]
    assert ("target_app" in kept[0].error, "bench: " in kept[0].error) == (True, False)
    assert kept[0].commit == git(source, "rev-parse", "HEAD")[:10]
    assert [line.partition(":")[0] for line in told] == [
        f"paired, a-a, {number} of 5" for number in (1, 2, 3)
    ]
