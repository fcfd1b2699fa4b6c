"""The charts of made-up records by name, and the strips of a chart."""

from __future__ import annotations

from collections.abc import Sequence

from bench.model.record import Record
from bench.report.charts.panels import Chart, StripPanel
from tests.bench.builders import charts_of, run


def charts(*records: Sequence[Record]) -> dict[str, Chart]:
    return {chart.name: chart for chart in charts_of(run(*[one for some in records for one in some]))}


def strips(chart: Chart) -> dict[str, list[str]]:
    """The labels of the strips by panel."""
    return {
        panel.title: [strip.label for strip in panel.strips]
        for panel in chart.panels
        if isinstance(panel, StripPanel)
    }
