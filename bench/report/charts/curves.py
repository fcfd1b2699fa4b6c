"""Panels of latency against percentile."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bench.report.charts.axes import (
    DASHES,
    FOOT,
    LEFT,
    LEGEND_LINE,
    MOST_IN_LINE,
    PLOT,
    RIGHT,
    TITLE,
    Area,
    Dash,
    code_marks,
    cut,
    frame,
    logarithmic,
)
from bench.report.charts.palette import LIGHT, QUIET
from bench.report.charts.panels import (
    Curve,
    CurvePanel,
)

_PERCENTILES = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999)


def curves_height(panel: CurvePanel) -> float:
    """The height of curves, in inches."""
    return TITLE + PLOT + FOOT + LEGEND_LINE * len(panel.curves) + 0.08


def draw_curves(area: Area, panel: CurvePanel, names: Mapping[str, str]) -> None:
    """Draw a panel's curves; `names` gives the mark of each caveat code."""
    legend = LEGEND_LINE * len(panel.curves) + 0.08
    left = 0.62
    axes = area.axes(left, FOOT + legend, area.width - left - RIGHT, PLOT)
    frame(axes, "both")
    ordered = sorted(panel.curves, key=_tail, reverse=True)
    for curve in ordered:
        _draw_curve(axes, curve)
    far = max((at for curve in panel.curves for at, _ in _all_points(curve)), default=99.0)
    ticks = [at for at in _PERCENTILES if at <= far] or [0.0]
    axes.set_xlim(0, max(nines(far) * 1.02, 1.0))
    axes.set_xticks([nines(at) for at in ticks], [f"{at:g}" for at in ticks])
    axes.set_xlabel("percentile of the requests (logarithmic towards 100)", color=LIGHT[QUIET], fontsize=8.5)
    axes.set_ylabel("response time, ms", color=LIGHT[QUIET], fontsize=8.5)
    logarithmic(axes, (ms for curve in panel.curves for _, ms in _all_points(curve)))
    for line, curve in enumerate(ordered):
        _legend_line(area, area.height - legend + line * LEGEND_LINE + 0.12, curve, names)


def _tail(curve: Curve) -> float:
    """The 99th percentile, else the last one there is."""
    return dict(curve.points).get(99.0, curve.points[-1][1] if curve.points else 0.0)


def nines(percentile: float) -> float:
    """Where a percentile stands on the axis: 90 at 1, 99 at 2, 99.9 at 3."""
    return -math.log10(1 - percentile / 100)


def _all_points(curve: Curve) -> Iterator[tuple[float, float]]:
    yield from curve.points
    for repeat in curve.repeats:
        yield from repeat


def _draw_curve(axes: Axes, curve: Curve) -> None:
    colour = LIGHT[curve.colour]
    if len(curve.repeats) > 1:
        for repeat in curve.repeats:
            axes.plot(*_line(repeat), color=colour, linewidth=0.7, alpha=0.35)
    axes.plot(*_line(curve.points), color=colour, linewidth=2, linestyle=_dash(curve))


def _line(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [nines(at) for at, _ in points], [ms for _, ms in points]


def _dash(curve: Curve) -> Dash:
    return (0, (1, 1.5)) if curve.invalid else DASHES[curve.dash % len(DASHES)]


def _legend_line(area: Area, down: float, curve: Curve, names: Mapping[str, str]) -> None:
    wide, tall = area.figure.get_size_inches()
    y = (area.bottom + area.height - down + 0.045) / tall
    ends = ((area.left + LEFT) / wide, (area.left + LEFT + 0.35) / wide)
    line = Line2D(ends, (y, y), color=LIGHT[curve.colour], linewidth=2, linestyle=_dash(curve))
    area.figure.add_artist(line)
    marks = f"{code_marks(curve.codes, names)}{' (invalid)' if curve.invalid else ''}"
    said = cut(curve.label, MOST_IN_LINE - len(marks)) + marks
    area.text(LEFT + 0.45, down, said, fontsize=8.5)
