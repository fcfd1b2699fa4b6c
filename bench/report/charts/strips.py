"""Panels of strips: a line of words, and below it a bar or dots."""

from __future__ import annotations

import math
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from bench.report.charts.axes import (
    FOOT,
    LEFT,
    MOST_IN_LINE,
    RIGHT,
    TITLE,
    Area,
    code_marks,
    cut,
    frame,
    short,
)
from bench.report.charts.palette import GRID, INK, LIGHT, QUIET
from bench.report.charts.panels import (
    Strip,
    StripPanel,
)

_PITCH = 0.4


def strips_height(panel: StripPanel) -> float:
    """The height of strips, in inches."""
    return TITLE + _PITCH * len(panel.strips) + FOOT


def draw_strips(area: Area, panel: StripPanel, names: Mapping[str, str]) -> None:
    """Draw a panel's strips; `names` gives the mark of each caveat code."""
    count = len(panel.strips)
    axes = area.axes(LEFT, FOOT, area.width - LEFT - RIGHT, _PITCH * count)
    frame(axes, None)
    axes.set_ylim(count, 0)
    axes.set_yticks([])
    axes.set_xlabel(panel.axis, color=LIGHT[QUIET], fontsize=8.5)
    _strip_scale(axes, panel)
    _strip_grid(axes, count)
    for place, strip in enumerate(panel.strips):
        _label_strip(axes, place, strip, names)
        if panel.kind == "bars":
            _draw_bar(axes, place + 0.68, strip)
        else:
            _draw_dots(axes, place + 0.68, strip)
    if panel.reference is not None:
        axes.axvline(panel.reference, color=LIGHT[INK], linewidth=1, linestyle=(0, (3, 2)), zorder=1)


def _label_strip(axes: Axes, place: int, strip: Strip, names: Mapping[str, str]) -> None:
    across = axes.get_yaxis_transform()
    marks = code_marks(strip.codes, names)
    said = f"invalid  {strip.text}" if strip.invalid else strip.text
    if len(strip.label + marks + said) > MOST_IN_LINE:
        said = said.partition(" (")[0]
    name = cut(strip.label, MOST_IN_LINE - len(marks + said)) + marks
    axes.text(0, place + 0.4, name, transform=across, color=LIGHT[INK], fontsize=9)
    axes.text(1, place + 0.4, said, transform=across, color=LIGHT[QUIET], fontsize=8.5, ha="right")


def _strip_grid(axes: Axes, count: int) -> None:
    """Upright lines behind the bars and dots alone, so that none crosses the words above them."""
    at = axes.get_xticks()
    for place in range(count):
        axes.vlines(at, place + 0.5, place + 0.86, colors=LIGHT[GRID], linewidth=0.7, zorder=0.5)


def _strip_scale(axes: Axes, panel: StripPanel) -> None:
    figures = [*panel.span, *(end for strip in panel.strips for end in _ends(strip))]
    high = max(figures, default=1.0)
    if panel.log:
        low = min((figure for figure in figures if figure > 0), default=1.0)
        axes.set_xscale("log")
        axes.set_xlim(*_powers_around(low, max(high, low)))
        axes.xaxis.set_major_formatter(FuncFormatter(short))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.set_xlim(0, max(high, panel.reference or 0) * 1.02 or 1)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(FuncFormatter(short))


def _powers_around(low: float, high: float) -> tuple[float, float]:
    """The powers of ten that enclose both, with a little room."""
    return 10.0 ** math.floor(math.log10(low) - 0.05), 10.0 ** math.ceil(math.log10(high) + 0.05)


def _ends(strip: Strip) -> tuple[float, ...]:
    return strip.points or ((strip.estimate.low, strip.estimate.high) if strip.estimate else ())


def _draw_bar(axes: Axes, y: float, strip: Strip) -> None:
    if strip.estimate is None:
        return
    colour = LIGHT[strip.colour]
    face, hatch = ("none", "/////") if strip.invalid else (colour, None)
    drawn = axes.barh(y, strip.estimate.median, 0.32, color=face, edgecolor=colour, hatch=hatch, zorder=2)
    drawn[0].set_linewidth(0.8)
    _draw_range(axes, y, strip)


def _draw_range(axes: Axes, y: float, strip: Strip) -> None:
    """The smallest to the largest repeat, with ends that show where it stops."""
    if strip.estimate is None or strip.estimate.n < 2:
        return
    ends = (strip.estimate.low, strip.estimate.high)
    axes.plot(ends, (y, y), color=LIGHT[INK], linewidth=1.2, marker="|", markersize=6, zorder=3)


def _draw_dots(axes: Axes, y: float, strip: Strip) -> None:
    colour = LIGHT[strip.colour]
    face = "none" if strip.invalid else colour
    if strip.points:
        heights = [y] * len(strip.points)
        axes.plot(strip.points, heights, "o", color=colour, markerfacecolor=face, alpha=0.7, markersize=6)
    elif strip.estimate is not None:
        axes.axhline(y, color=LIGHT[GRID], linewidth=0.8, zorder=1)
        _draw_range(axes, y, strip)
        middle = [strip.estimate.median]
        axes.plot(middle, [y], "o", color=colour, markerfacecolor=face, markersize=8, zorder=4)
