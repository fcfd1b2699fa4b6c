"""Draws lanes: many quantities over one time axis, so that what happened together stands together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.report.charts.axes import (
    FOOT,
    LEFT,
    LEGEND_LINE,
    MOST_IN_LINE,
    RIGHT,
    TITLE,
    Area,
    cut,
    frame,
    logarithmic,
    short,
)
from bench.report.charts.palette import INK, LIGHT, QUIET
from bench.report.charts.panels import LanePanel, LoadStep, PlotLane, PlotLine

_LEFT = 0.5
_NOTE = 0.2
_NAME, _LANE, _TALL = 0.2, 0.44, 0.85
_GAP = 0.08
_ABREAST = 4
_SPIKE = 0.13
_DASHED: Literal["-"] | tuple[float, tuple[float, ...]] = (0, (3, 2))


def lanes_height(panel: LanePanel) -> float:
    """The height of lanes, in inches."""
    rows = math.ceil(len(panel.legend) / _ABREAST)
    return TITLE + _NOTE + sum(map(_height, panel.lanes)) + FOOT + LEGEND_LINE * rows


def draw_lanes(area: Area, panel: LanePanel, marked: str) -> None:
    """Draw a panel's lanes; `marked` are the caveats that its note ends with."""
    note = cut(panel.where, MOST_IN_LINE - len(marked)) + marked
    area.text(LEFT, TITLE + 0.04, note, fontsize=8.5, color=LIGHT[QUIET])
    top = area.height - TITLE - _NOTE
    for place, lane in enumerate(panel.lanes):
        tall = _height(lane)
        area.text(LEFT, area.height - top + 0.13, lane.name, fontsize=8.5)
        bottom = top - tall + _GAP
        axes = area.axes(_LEFT, bottom, area.width - _LEFT - RIGHT, tall - _NAME - _GAP)
        _draw_lane(axes, lane, panel)
        if place < len(panel.lanes) - 1:
            axes.set_xticklabels([])
        top -= tall
    axes.set_xlabel("seconds since the start of the measured part", color=LIGHT[QUIET], fontsize=8.5)
    for place, line in enumerate(panel.legend):
        _legend(
            area, area.height - 0.1 - LEGEND_LINE * (math.ceil(len(panel.legend) / _ABREAST) - 1), place, line
        )


def draw_steps(axes: Axes, steps: Sequence[LoadStep], *, named: bool) -> None:
    """Dotted lines where a load's stages begin, and at the top of each the users or arrivals it has."""
    for step in steps:
        if step.t_s > 0:
            axes.axvline(step.t_s, color=LIGHT[QUIET], linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
        if named:
            axes.text(
                step.t_s,
                1.0,
                f" {short(round(step.level, 1))}",
                transform=axes.get_xaxis_transform(),
                fontsize=8,
                color=LIGHT[QUIET],
                va="bottom",
            )


def _height(lane: PlotLane) -> float:
    return _NAME + (_TALL if lane.log else _LANE) + _GAP


def _draw_lane(axes: Axes, lane: PlotLane, panel: LanePanel) -> None:
    frame(axes, "both")
    for start_s, end_s in panel.spikes:
        axes.axvspan(start_s, end_s, color=LIGHT["misuse"], alpha=_SPIKE, linewidth=0)
    draw_steps(axes, panel.steps, named=False)
    for line in lane.lines:
        times = [at for at, _ in line.points]
        figures = [math.nan if figure is None else figure for _, figure in line.points]
        axes.plot(
            times,
            figures,
            color=LIGHT[line.colour],
            linewidth=1.2,
            marker=".",
            markersize=2.5,
            linestyle=_DASHED if line.dashed else "-",
        )
    if lane.limit is not None:
        axes.axhline(lane.limit, color=LIGHT[INK], linewidth=0.9, linestyle=_DASHED, zorder=1)
    axes.set_xlim(0, panel.end_s)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    figures = [figure for line in lane.lines for _, figure in line.points if figure is not None]
    if lane.log:
        logarithmic(axes, figures)
        return
    axes.set_ylim(0, 1.15 * max([*figures, lane.limit or 0.0]) or 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(2))
    axes.yaxis.set_major_formatter(FuncFormatter(short))


def _legend(area: Area, down: float, place: int, line: PlotLine) -> None:
    wide, tall = area.figure.get_size_inches()
    row, column = divmod(place, _ABREAST)
    left = LEFT + column * (area.width - LEFT) / _ABREAST
    down += row * LEGEND_LINE
    y = (area.bottom + area.height - down + 0.045) / tall
    ends = ((area.left + left) / wide, (area.left + left + 0.22) / wide)
    area.figure.add_artist(Line2D(ends, (y, y), color=LIGHT[line.colour], linewidth=2))
    area.text(left + 0.28, down, line.label, fontsize=8.5)
