"""The limits of a run as its user meets them: lines, JUnit's XML, the exit status."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

from bench.cli._thresholds import JUNIT_FILE, conclude_thresholds
from bench.model.record import Failure
from bench.results.results import Results, understand
from tests.bench.builders import facts, record, run


def limited(*limits: str, failures: tuple[Failure, ...] = ()) -> Results:
    plan = {**facts()["plan"], "fail_if": list(limits)}  # type: ignore[dict-item]
    made = run(record(p99=6.0), record(scenario="cpu-async", p99=60.0), plan=plan)
    return understand(replace(made, failures=failures))


def outcomes(folder: Path) -> list[tuple[str | None, list[str]]]:
    """Of each test case the group, and the outcomes."""
    suite = Xml.parse(folder / JUNIT_FILE).getroot()
    return [(case.get("classname"), [child.tag for child in case]) for case in suite]


def test_a_run_without_limits_writes_and_says_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    assert conclude_thresholds(limited(), tmp_path, said.append) == 0
    assert (said, list(tmp_path.iterdir())) == ([], [])


def test_a_limit_that_is_met_fails_the_run_and_names_its_cell(tmp_path: Path) -> None:
    said: list[str] = []
    assert conclude_thresholds(limited("p99>50ms", "rps<1"), tmp_path, said.append) == 1
    assert said == [
        "failed: p99>50ms: uvicorn / cpu-async / native / 32 users: 60 ms",
        "passed: 3 of 4 limits",
    ]
    assert outcomes(tmp_path) == [("p99>50ms", ["failure"]), ("p99>50ms", []), ("rps<1", []), ("rps<1", [])]


def test_limits_that_are_kept_pass(tmp_path: Path) -> None:
    assert conclude_thresholds(limited("p99>61ms", "errors>0"), tmp_path, lambda _: None) == 0
    assert [tags for _, tags in outcomes(tmp_path)] == [[]] * 4


def test_what_could_not_be_measured_is_an_error_among_the_test_cases(tmp_path: Path) -> None:
    failures = (Failure("granian-1", 0, "did not start\npassword=hunter2", "noop-async"),)
    conclude_thresholds(limited("noop-async: p99>1s", failures=failures), tmp_path, lambda _: None)
    assert outcomes(tmp_path) == [("noop-async: p99>1s", []), ("measured", ["error"])]
    assert "hunter2" not in (tmp_path / JUNIT_FILE).read_text()
