"""What each kind of run shows in its report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.cli._contents import contents
from bench.model.record import Caveat, Latency, RequestSummary, Run
from bench.report.contents import Contents
from bench.results.results import understand
from tests.bench.builders import repeats, run
from tests.bench.capacity.searches import search
from tests.bench.capacity.test_findings import grown
from tests.bench.results.study.made import io_run

ORDINARY = (*repeats("a", "noop-async", 1, 2), *repeats("b", "noop-async", 3, 4))
SCALING = grown(1000, 1900, 3500, cpus=4)


def shown(made: Run) -> Contents:
    return contents(understand(made))


@pytest.mark.parametrize(
    ("made", "tables", "charts"),
    [
        (
            run(*ORDINARY),
            ["Summary", "Setups ranked per scenario"],
            ["setups", "throughput", "cpu", "memory"],
        ),
        (search(), ["Trials"], ["capacity"]),
        (SCALING, ["Throughput by the number of workers", "Summary", "Workers"], ["scaling"]),
        (
            replace(SCALING, records=SCALING.records[:4]),
            ["Summary", "Workers"],
            ["throughput", "cpu", "memory"],
        ),
    ],
    ids=["ordinary", "capacity", "scaling", "scaling, cut short"],
)
def test_a_kind_of_run_has_tables_and_charts_of_its_own(
    made: Run, tables: list[str], charts: list[str]
) -> None:
    found = shown(made)
    assert [table.title for table in (found.summary, *found.details) if table.rows] == tables
    assert [chart.name for chart in found.charts] == charts


def test_findings_of_a_kind_come_before_a_disturbance_but_for_an_ordinary_run() -> None:
    busy = Caveat("other-load", "others took 30 %")

    def topics(made: Run) -> list[str]:
        records = tuple(replace(record, caveats=(busy,)) for record in made.records)
        return [finding.topic for finding in shown(replace(made, records=records)).findings]

    assert topics(run(*ORDINARY))[0] == "disturbance"
    assert topics(search())[0] == "capacity"
    assert topics(search())[-1] == "disturbance"
    assert topics(SCALING) == ["scaling", "disturbance"]


def test_only_a_run_of_twins_at_several_levels_has_the_study() -> None:
    chapters = [shown(made).chapter for made in (io_run(), run(*ORDINARY), search(), SCALING)]
    assert [chapter is not None for chapter in chapters] == [True, False, False, False]


@pytest.mark.parametrize("made", [run(*ORDINARY), search(), SCALING], ids=["ordinary", "capacity", "scaling"])
def test_verdicts_have_the_findings_of_the_report(made: Run) -> None:
    found = shown(made)
    assert [one.code for one in found.verdicts.findings] == [one.topic for one in found.findings]
    assert [one.title for one in found.verdicts.findings] == [one.title for one in found.findings]
    assert bool(found.verdicts.rankings) == (made.records == ORDINARY)


def test_an_ordinary_run_with_streams_has_their_table() -> None:
    one = ORDINARY[0]
    stream = RequestSummary(
        requests=9,
        errors=0,
        response_ms=Latency(p50=3.0),
        first_byte_ms=Latency(p50=1.0),
        gap_ms=Latency(p50=0.5),
        gaps=18,
    )
    streamed = replace(one, summary=replace(one.summary, by_request={"GET /events": stream}))
    found = shown(run(streamed, *ORDINARY[1:]))
    assert "Streams" in [table.title for table in found.details if table.rows]
