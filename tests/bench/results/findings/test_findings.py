"""A run in findings: what is said, and in which order."""

from __future__ import annotations

from tests.bench.builders import OPEN, findings, realistic, repeats, topics


def test_a_run_of_everything_has_five_findings_in_this_order() -> None:
    made_up = findings(realistic())
    assert [finding.topic for finding in made_up] == [
        "best-setup",
        "loop-and-parser",
        "async-over-sync",
        "misuse",
        "workers",
    ]
    assert all(finding.title and finding.text and finding.figures for finding in made_up)


def test_what_was_not_measured_has_no_finding() -> None:
    assert topics() == []
    assert topics(repeats("uvicorn", "noop-async", 1, 2)) == []
    assert (
        topics(
            repeats("uvicorn", "noop-async", 9, 10, load=OPEN), repeats("b", "noop-async", 1, 2, load=OPEN)
        )
        == []
    )
