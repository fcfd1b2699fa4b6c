"""Cells -> log ratios, one a round: what the rule of difference works on."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

from bench.model.record import LaneSlices, Record
from bench.stats.comparison import robust_mean
from bench.stats.metrics import CPU, THROUGHPUT, Metric

SliceColumn = Callable[[LaneSlices], Sequence[float | None]]

_OF_SLICES: Mapping[Metric, tuple[SliceColumn, SliceColumn]] = {
    THROUGHPUT: (lambda slices: slices.throughput_rps, lambda slices: slices.anchor_rps),
    CPU: (lambda slices: slices.cpu_us_per_request, lambda slices: slices.anchor_cpu_us),
}
"""Metrics that each slice has; others have one figure a round."""


def log_ratios(base: Sequence[Record], head: Sequence[Record], metric: Metric) -> dict[int, float]:
    """The logarithm of head / base in each round that both have, by its number.

    Lanes are compared rotation by rotation where they share any, else through the anchor lane of their groups; what was
    measured in one stretch, by the figures of the round.
    """
    bases = {record.cell.repeat: record for record in base}
    heads = {record.cell.repeat: record for record in head}
    common = sorted(bases.keys() & heads.keys())
    found = {at: round_log_ratio(bases[at], heads[at], metric) for at in common}
    return {at: one for at, one in found.items() if one is not None}


def round_log_ratio(base: Record, head: Record, metric: Metric) -> float | None:
    """The logarithm of head / base in one round; None where a side has no figure above zero."""
    columns = _OF_SLICES.get(metric)
    if columns is not None and base.slices.rotation and head.slices.rotation:
        figures, anchors = columns
        theirs, mine = (_by_rotation(slices, figures) for slices in (base.slices, head.slices))
        if common := theirs.keys() & mine.keys():
            return robust_mean([math.log(mine[at] / theirs[at]) for at in sorted(common)])
        to_base, to_head = (_to_anchor(slices, figures, anchors) for slices in (base.slices, head.slices))
        if to_base is not None and to_head is not None:
            return to_head - to_base
    its, own = metric.of(base), metric.of(head)
    return math.log(own / its) if its and own and its > 0 and own > 0 else None


def mean_over(parts: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """The mean of several comparisons in each round that all of them have: a geometric mean of ratios."""
    common = set.intersection(*map(set, parts)) if parts else set()
    return {at: statistics.fmean(part[at] for part in parts) for at in sorted(common)}


def _by_rotation(slices: LaneSlices, column: SliceColumn) -> dict[int, float]:
    figures = zip(slices.rotation, column(slices), strict=False)
    return {rotation: figure for rotation, figure in figures if figure is not None and figure > 0}


def _to_anchor(slices: LaneSlices, figures: SliceColumn, anchors: SliceColumn) -> float | None:
    mine, its = _by_rotation(slices, figures), _by_rotation(slices, anchors)
    common = sorted(mine.keys() & its.keys())
    return robust_mean([math.log(mine[at] / its[at]) for at in common]) if common else None
