"""The limits of a run (`--fail-if`) on the command line: said, written as JUnit's XML, and an exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.gates.output.junit import JUnitCase, JUnitOutcome, render_suite
from bench.model.record import Failure
from bench.model.secrets import mask_text
from bench.results.results import Results
from bench.results.thresholds import ThresholdVerdict, judge_thresholds

JUNIT_FILE = "junit.xml"

_OUTCOMES: dict[str, JUnitOutcome | None] = {"passed": None, "failed": "failure", "undecided": "error"}


def conclude_thresholds(results: Results, folder: Path, say: Callable[[str], None]) -> int:
    """Say which limits are met, write `junit.xml` into the run's folder, and give the exit status.

    0 where all limits pass or there are none, 1 else. Raises OSError.
    """
    found = write_thresholds(results, folder)
    if not found:
        return 0
    for line in _lines(found):
        say(line)
    return int(any(one.verdict != "passed" for one in found))


def write_thresholds(results: Results, folder: Path) -> tuple[ThresholdVerdict, ...]:
    """Write `junit.xml` into the run's folder, if the run has limits; gives their verdicts. Raises OSError."""
    found = judge_thresholds(results)
    if found:
        (folder / JUNIT_FILE).write_text(_junit(results, found), encoding="utf-8")
    return found


def _lines(found: Sequence[ThresholdVerdict]) -> Iterator[str]:
    """A line for each limit that did not pass, and the number of those that did."""
    yield from (f"{one.verdict}: {one.sentence}" for one in found if one.verdict != "passed")
    passed = sum(one.verdict == "passed" for one in found)
    yield f"passed: {passed} of {len(found)} limits"


def _junit(results: Results, found: Sequence[ThresholdVerdict]) -> str:
    """A test case for each limit and cell, and one for each failure of the run, which is an error."""
    cases = [
        JUnitCase(
            group=one.threshold,
            name=one.place,
            outcome=_OUTCOMES[one.verdict],
            message=f"{one.verdict}: {one.sentence}",
        )
        for one in found
    ]
    return render_suite(results.name, [*cases, *map(_failure, results.failures)])


def _failure(one: Failure) -> JUnitCase:
    first, *rest = mask_text(one.error).splitlines() or ["failed"]
    name = f"{one.setup} / {one.scenario}" if one.scenario else one.setup
    return JUnitCase(group="measured", name=name, outcome="error", message=first, more=tuple(rest))
