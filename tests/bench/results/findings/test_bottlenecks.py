"""Findings about bottlenecks: which repeats count, and which cells come first."""

from __future__ import annotations

from bench.model.record import Record
from tests.bench.builders import findings, found, run
from tests.bench.results.findings.loaded import lane, measured, worker


def blocked(lag: float, repeat: int, scenario: str = "io-misuse") -> Record:
    return measured(worker(timeline=lane(loop_lag_ms=(lag, lag, lag))), scenario=scenario, repeat=repeat)


def test_a_finding_names_the_cell_and_the_figures_of_the_middle_repeat() -> None:
    finding = found("loop-blocked", [blocked(30.0, 0), blocked(200.0, 1), blocked(60.0, 2)])
    assert finding.title == "Event loop blocked: io-misuse"
    assert finding.figures == (
        "io-misuse on uvicorn (native, 32 users): its loop ran 60.0 ms late in the median, 60.0 ms at worst, with a "
        "p99 of 50.0 ms; the worker used 10% of a core",
    )
    assert finding.chart == "server"


def test_half_of_the_repeats_are_no_evidence() -> None:
    half = findings(run(blocked(30.0, 0), blocked(1.0, 1)))
    most = findings(run(blocked(30.0, 0), blocked(30.0, 1), blocked(1.0, 2)))
    assert [finding.topic for finding in half] == []
    assert [finding.topic for finding in most] == ["loop-blocked"]


def test_the_worst_cells_come_first_and_the_rest_are_counted() -> None:
    cells = [blocked(30.0 + place, 0, f"s{place}-misuse") for place in range(7)]
    finding = found("loop-blocked", cells)
    assert finding.title == "Event loop blocked: s6-misuse, s5-misuse and 5 more scenarios"
    assert [figure.split(" ")[0] for figure in finding.figures] == [
        *("s6-misuse", "s5-misuse", "s4-misuse", "s3-misuse", "s2-misuse", "and")
    ]
    assert finding.figures[-1] == "and 2 more cells"
