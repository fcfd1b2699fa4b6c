"""Records -> drift: each lane's slices over the rotations, against the lane's own median."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from bench.report.charts.panels import Chart, DriftPanel
from bench.results.cells import CellResults

_MOST_POINTS = 240
"""More rotations are drawn as the medians of neighbours."""

Course = dict[int, float]
"""Per cent of a lane's median, by the number of the rotation in the run."""


def drift(cells: Sequence[CellResults]) -> Chart:
    """The throughput of each slice relative to the median of its lane; without panels where nothing has slices."""
    sliced = [cell for cell in cells if any(record.slices.rotation for record in cell.records)]
    starts, total = _starts(sliced)
    courses = [course for cell in sliced if (course := _course(cell, starts))]
    return Chart(
        name="drift",
        title="Drift over the rotations",
        reading=(
            "Level is steady: the throughput of each slice against the median of its lane, one faint line a lane, and "
            "bold their median; a dotted line begins a round. Where all lanes move together the machine was slower or "
            "faster, which cancels out of the ratios and moves the absolute figures."
        ),
        panels=(_panel(courses, starts, total),) if courses else (),
        abreast=1,
    )


def _starts(cells: Sequence[CellResults]) -> tuple[dict[int, int], int]:
    """The number of the first rotation of each round, and the number of all."""
    lengths: dict[int, int] = {}
    for cell in cells:
        for record in cell.records:
            length = 1 + max(record.slices.rotation, default=-1)
            lengths[record.cell.repeat] = max(length, lengths.get(record.cell.repeat, 0))
    starts, total = {}, 0
    for number in sorted(lengths):
        starts[number] = total
        total += lengths[number]
    return starts, total


def _course(cell: CellResults, starts: Mapping[int, int]) -> Course:
    figures = {
        starts[record.cell.repeat] + rotation: rps
        for record in cell.records
        for rotation, rps in zip(record.slices.rotation, record.slices.throughput_rps, strict=False)
    }
    middle = statistics.median(figures.values()) if figures else 0.0
    return {at: 100 * rps / middle for at, rps in figures.items()} if middle > 0 else {}


def _panel(courses: Sequence[Course], starts: Mapping[int, int], total: int) -> DriftPanel:
    width = math.ceil(total / _MOST_POINTS)
    bins = _bins(starts, total, width)
    together: Course = {
        at: statistics.median(found)
        for at in range(total)
        if (found := [course[at] for course in courses if at in course])
    }
    return DriftPanel(
        f"{len(courses)} lanes, {len(starts)} rounds, {total} rotations",
        tuple(_line(course, bins) for course in courses),
        _line(together, bins),
        tuple(float(start) for start in starts.values() if start),
    )


def _bins(starts: Mapping[int, int], total: int, width: int) -> list[range]:
    """Neighbouring rotations of one round; an empty range breaks the lines between two rounds."""
    ends = [*list(starts.values())[1:], total]
    bins = []
    for start, end in zip(starts.values(), ends, strict=True):
        bins += [range(at, min(at + width, end)) for at in range(start, end, width)] + [range(end, end)]
    return bins


def _line(course: Course, bins: Sequence[range]) -> tuple[tuple[float, float | None], ...]:
    points: list[tuple[float, float | None]] = []
    for one in bins:
        found = [course[at] for at in one if at in course]
        points.append((one.start + len(one) / 2, statistics.median(found) if found else None))
    return tuple(points)
