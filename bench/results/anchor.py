"""The anchor: what no change of the app can touch, measured in the same run, so that it shows the machine's drift."""

from __future__ import annotations

from collections.abc import Iterable

from bench.results.cells import CellResults
from bench.stats.metrics import Metric

ANCHOR = "anchor"
"""The setup of plan `history` that no change of the app can touch."""

BENCHMARK = "bare-app"
"""The benchmark of `make micro` that no change of the app can touch; its variants have more words after a comma."""


def is_anchor(cell: CellResults) -> bool:
    return cell.setup == ANCHOR


def nearest(cell: CellResults, anchors: Iterable[CellResults]) -> CellResults | None:
    """Of several anchors the one whose load is of the cell's kind, and else most like the cell's; None of none."""
    alike = [one for one in anchors if one.closed == cell.closed]
    return min(alike, key=lambda one: (one.load != cell.load, one.engine != cell.engine), default=None)


def anchor_pairs(cell: CellResults, anchor: CellResults, metric: Metric) -> tuple[tuple[float, float], ...]:
    """(the cell's figure, the anchor's) of the repeats that both have: a round measures them soon after each other."""
    against = {record.cell.repeat: metric.of(record) for record in anchor.records}
    figures = ((metric.of(record), against.get(record.cell.repeat)) for record in cell.records)
    return tuple((mine, its) for mine, its in figures if mine is not None and its)
