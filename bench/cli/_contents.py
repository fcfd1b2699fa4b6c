"""The contents of a report by the kind of the run: the one table of kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bench.capacity.charts import capacity_chart, scaling_chart
from bench.capacity.findings import of_capacity, of_growth
from bench.capacity.growth import growth_of
from bench.capacity.results import capacity_of
from bench.capacity.tables import growth_table, trial_table
from bench.report import plots
from bench.report.chapter import chapter
from bench.report.contents import Contents
from bench.results.endpoints import endpoint_table
from bench.results.findings import findings
from bench.results.findings.disturbance import disturbance
from bench.results.findings.finding import Finding
from bench.results.fleet_table import fleet_table
from bench.results.results import Results, RunKind, say_notes_once
from bench.results.streams import stream_table
from bench.results.tables import ranking, stage_table, summary, twin_table
from bench.results.thresholds import threshold_table
from bench.results.verdicts import verdicts
from bench.results.worker_table import worker_table


def contents(results: Results) -> Contents:
    """The contents of the report of a run; a note that every record has is said once."""
    results = say_notes_once(results)
    made = _OF_KIND[results.kind](results)
    return replace(made, verdicts=verdicts(results, made.findings))


def _ordinary(results: Results) -> Contents:
    return Contents(
        findings=findings(results),
        summary=summary(results),
        details=(
            threshold_table(results),
            endpoint_table(results),
            stream_table(results),
            ranking(results),
            twin_table(results),
            stage_table(results),
            worker_table(results),
            fleet_table(results),
        ),
        charts=plots.charts(results.cells),
        chapter=chapter(results),
    )


def _capacity(results: Results) -> Contents:
    searched = capacity_of(results)
    if searched is None:
        return _ordinary(results)
    chart = capacity_chart(searched)
    return Contents(
        findings=(*of_capacity(searched), *_disturbances(results)),
        summary=trial_table(searched),
        charts=(chart,) if chart.panels else (),
    )


def _scaling(results: Results) -> Contents:
    """With fewer numbers of workers than the law needs, as where a run was cut short, what any run shows."""
    grown = growth_of(results)
    if grown is None:
        return _ordinary(results)
    return Contents(
        findings=(*of_growth(grown), *_disturbances(results)),
        summary=growth_table(grown),
        details=(summary(results), worker_table(results)),
        charts=(scaling_chart(grown),),
    )


def _disturbances(results: Results) -> tuple[Finding, ...]:
    """After the answer that the run was made for, whether the machine was busy with other things."""
    found = disturbance(results.cells)
    return () if found is None else (found,)


_OF_KIND: Mapping[RunKind, Callable[[Results], Contents]] = {
    "ordinary": _ordinary,
    "capacity": _capacity,
    "scaling": _scaling,
}
