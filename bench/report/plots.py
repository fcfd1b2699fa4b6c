"""Records -> charts as data: what each shows, in which order; charts/drawing.py draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.report.bars import cpu, memory, requests_per_worker, throughput, twin_bars, victims
from bench.report.charts.panels import Chart
from bench.report.curves import curves
from bench.report.drift import drift
from bench.report.setups import setups
from bench.report.timelines import over_time, server_over_time
from bench.results.cells import CellResults

MOST_PANELS = 12
_MOST_TIMES = 9


def charts(cells: Sequence[CellResults]) -> tuple[Chart, ...]:
    """The charts of a run of a plan; one with nothing to show is left out."""
    drawn = (
        setups(cells),
        throughput(cells),
        twin_bars(cells),
        victims(cells),
        curves(cells),
        cpu(cells),
        memory(cells),
        _cut(over_time(cells), _MOST_TIMES),
        _cut(server_over_time(cells), _MOST_TIMES),
        drift(cells),
        requests_per_worker(cells),
    )
    return tuple(_cut(chart, MOST_PANELS) for chart in drawn if chart.panels)


def _cut(chart: Chart, most: int) -> Chart:
    """A chart of a sane size, which says so when panels are missing."""
    if len(chart.panels) <= most:
        return chart
    note = f" {most} of {len(chart.panels)} panels are drawn; the summary has a row for each."
    return replace(chart, panels=chart.panels[:most], reading=chart.reading + note)
