"""Draws planes: traces over two axes, with marked places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from bench.report.charts.axes import (
    FOOT,
    LEFT,
    LEGEND_LINE,
    MOST_IN_LINE,
    PLOT,
    RIGHT,
    TITLE,
    Area,
    cut,
    frame,
    logarithmic,
    short,
)
from bench.report.charts.palette import LIGHT, QUIET
from bench.report.charts.panels import Mark, PlanePanel, Trace

_LEFT = 0.62
_Dash = Literal["-", "none"] | tuple[float, tuple[float, ...]]
_LEVEL: _Dash = (0, (5, 2))
_UPRIGHT: _Dash = (0, (1, 1.5))
_LINES: dict[str, _Dash] = {"joined": "-", "dots": "none", "line": "-", "dashes": (0, (3, 2))}

_DOTTED = ("joined", "dots")


def plane_height(panel: PlanePanel) -> float:
    """The height of a plane, in inches."""
    return TITLE + PLOT + FOOT + LEGEND_LINE * _legend_lines(panel) + 0.08


def draw_plane(area: Area, panel: PlanePanel) -> None:
    legend = LEGEND_LINE * _legend_lines(panel) + 0.08
    axes = area.axes(_LEFT, FOOT + legend, area.width - _LEFT - RIGHT, PLOT)
    frame(axes, "both")
    for trace in panel.traces:
        _draw_trace(axes, trace)
    for mark in panel.uprights:
        axes.axvline(mark.at, color=LIGHT[mark.colour], linewidth=1.2, linestyle=_UPRIGHT, zorder=1)
    for mark in panel.levels:
        axes.axhline(mark.at, color=LIGHT[mark.colour], linewidth=1.2, linestyle=_LEVEL, zorder=1)
    _scale(axes, panel)
    axes.set_xlabel(panel.across, color=LIGHT[QUIET], fontsize=8.5)
    axes.set_ylabel(panel.up, color=LIGHT[QUIET], fontsize=8.5)
    down = area.height - legend + 0.12
    for trace in panel.traces:
        marker = "o" if trace.style in _DOTTED else None
        _legend_line(area, down, trace, _LINES[trace.style], marker)
        down += LEGEND_LINE
    for marks, dash in ((panel.uprights, _UPRIGHT), (panel.levels, _LEVEL)):
        for mark in marks:
            _legend_line(area, down, mark, dash)
            down += LEGEND_LINE


def _legend_lines(panel: PlanePanel) -> int:
    return len(panel.traces) + len(panel.uprights) + len(panel.levels)


def _draw_trace(axes: Axes, trace: Trace) -> None:
    colour = LIGHT[trace.colour]
    axes.plot(*_columns(trace.points), color=colour, linewidth=1.4, linestyle=_LINES[trace.style], zorder=2)
    for x, low, high in trace.spans:
        axes.plot((x, x), (low, high), color=colour, linewidth=1.2, marker="_", markersize=6, zorder=3)
    if trace.style in _DOTTED:
        full = [point for point in trace.points if point not in trace.hollow]
        axes.plot(*_columns(full), "o", color=colour, markersize=5, zorder=3)
        axes.plot(*_columns(trace.hollow), "o", color=colour, markerfacecolor="none", markersize=5, zorder=3)


def _columns(
    points: tuple[tuple[float, float], ...] | list[tuple[float, float]],
) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _scale(axes: Axes, panel: PlanePanel) -> None:
    xs = [x for trace in panel.traces for x, _ in trace.points] + [mark.at for mark in panel.uprights]
    if panel.doubling and xs:
        measured = {x for trace in panel.traces if trace.style in _DOTTED for x, _ in trace.points}
        _double(axes, sorted(measured or set(xs)))
    else:
        axes.set_xlim(0, 1.03 * max(xs, default=1.0))
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=panel.whole))
        axes.xaxis.set_major_formatter(FuncFormatter(short))
    if panel.log:
        logarithmic(axes, _heights(panel))
        return
    axes.set_ylim(0, 1.05 * max(_heights(panel), default=1.0))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(short))


def _double(axes: Axes, xs: list[float]) -> None:
    """The same distance for each doubling, and a little room at both ends."""
    axes.set_xscale("log", base=2)
    axes.set_xlim(xs[0] / 1.25, xs[-1] * 1.25)
    axes.set_xticks(xs, [short(x) for x in xs])
    axes.xaxis.set_minor_locator(NullLocator())


def _heights(panel: PlanePanel) -> Iterator[float]:
    yield from (y for trace in panel.traces for _, y in trace.points)
    yield from (end for trace in panel.traces for _, low, high in trace.spans for end in (low, high))
    yield from (mark.at for mark in panel.levels)


def _legend_line(
    area: Area, down: float, thing: Trace | Mark, dash: _Dash, marker: str | None = None
) -> None:
    wide, tall = area.figure.get_size_inches()
    y = (area.bottom + area.height - down + 0.045) / tall
    ends = ((area.left + LEFT) / wide, (area.left + LEFT + 0.35) / wide)
    line = Line2D(
        ends, (y, y), color=LIGHT[thing.colour], linewidth=1.4, linestyle=dash, marker=marker, markersize=4
    )
    area.figure.add_artist(line)
    area.text(LEFT + 0.45, down, cut(thing.label, MOST_IN_LINE), fontsize=8.5)
