"""The anchor: what no change of the app can touch, measured in the same run, so that it shows the machine's drift."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bench.results.cells import CellResults
from bench.results.differences import log_ratios
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
    """(the cell's figure, the anchor's) in each round that both have, the cell's through their ratio in the round.

    Where both are lanes with slices that ratio is drawn rotation by rotation (`differences.log_ratios`), so that drift
    of the machine within the round cancels; else the pair holds both figures as measured.
    """
    figures = {record.cell.repeat: metric.of(record) for record in anchor.records}
    known = ((metric.of(record), figures.get(record.cell.repeat), record) for record in cell.records)
    pairs = tuple((mine, its, record.cell.repeat) for mine, its, record in known if mine and its)
    if not in_rotations((cell, anchor)):
        return tuple((mine, its) for mine, its, _ in pairs)
    ratios = log_ratios(anchor.records, cell.records, metric)
    return tuple((math.exp(ratios[at]) * its, its) for _, its, at in pairs if at in ratios)


def in_rotations(cells: Iterable[CellResults]) -> bool:
    """Whether all of these were lanes, measured in slices of common rotations."""
    return all(record.slices.rotation for cell in cells for record in cell.records)
