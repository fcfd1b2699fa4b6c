"""Draws drift: a faint line for each lane over the rotations of all rounds, and their middle."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.report.charts.axes import FOOT, PLOT, RIGHT, TITLE, Area, frame, short
from bench.report.charts.palette import INK, LIGHT, OTHER, QUIET
from bench.report.charts.panels import DriftPanel

_LEFT = 0.62
_MOST = 200.0
"""A slice that is further up is cut off: one of a lane that hardly answered says nothing of the others."""
_Points = Sequence[tuple[float, float | None]]


def drift_height(_: DriftPanel) -> float:
    """The height of the panel, in inches."""
    return TITLE + PLOT + FOOT


def draw_drift(area: Area, panel: DriftPanel) -> None:
    axes = area.axes(_LEFT, FOOT, area.width - _LEFT - RIGHT, PLOT)
    frame(axes, "both")
    for border in panel.borders:
        axes.axvline(border, color=LIGHT[QUIET], linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=1)
    for line in panel.lines:
        _draw_line(axes, line, OTHER, 0.7, 0.35)
    _draw_line(axes, panel.middle, INK, 1.6, 1.0)
    last = max((x for x, _ in panel.middle), default=1.0)
    axes.set_xlim(0, max(last, 1.0))
    axes.set_ylim(0, min(_MOST, 1.05 * max((y for line in panel.lines for _, y in line if y), default=100.0)))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(short))
    axes.set_xlabel("rotations, one round after another", color=LIGHT[QUIET], fontsize=8.5)
    axes.set_ylabel("% of the lane's median", color=LIGHT[QUIET], fontsize=8.5)


def _draw_line(axes: Axes, points: _Points, colour: str, width: float, alpha: float) -> None:
    xs = [x for x, _ in points]
    ys = [float("nan") if y is None else y for _, y in points]
    axes.plot(xs, ys, color=LIGHT[colour], linewidth=width, alpha=alpha, zorder=2 + alpha)
