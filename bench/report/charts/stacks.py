"""Draws stacks: bars in parts, one under another."""

from __future__ import annotations

from matplotlib.patches import Rectangle
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
    short,
)
from bench.report.charts.palette import LIGHT, QUIET
from bench.report.charts.panels import StackPanel

_PITCH = 0.4


def stacks_height(panel: StackPanel) -> float:
    """The height of a panel of stacks, in inches."""
    return TITLE + _PITCH * len(panel.stacks) + FOOT + LEGEND_LINE * len(panel.names) + 0.08


def draw_stacks(area: Area, panel: StackPanel) -> None:
    legend = LEGEND_LINE * len(panel.names) + 0.08
    axes = area.axes(LEFT, FOOT + legend, area.width - LEFT - RIGHT, _PITCH * len(panel.stacks))
    frame(axes, None)
    axes.set_ylim(len(panel.stacks), 0)
    axes.set_yticks([])
    axes.set_xlim(0, max((sum(stack.parts) for stack in panel.stacks), default=0.0) * 1.02 or 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(short))
    axes.set_xlabel(panel.axis, color=LIGHT[QUIET], fontsize=8.5)
    across = axes.get_yaxis_transform()
    for place, stack in enumerate(panel.stacks):
        name = cut(stack.label, MOST_IN_LINE - len(stack.text))
        axes.text(0, place + 0.4, name, transform=across, fontsize=9)
        style = {"color": LIGHT[QUIET], "fontsize": 8.5, "ha": "right"}
        axes.text(1, place + 0.4, stack.text, transform=across, **style)  # type: ignore[arg-type]
        begin = 0.0
        for part, (_, colour) in zip(stack.parts, panel.names, strict=True):
            axes.barh(place + 0.68, part, 0.32, left=begin, color=LIGHT[colour], zorder=2)
            begin += part
    _legend(area, panel, legend)


def _legend(area: Area, panel: StackPanel, tall: float) -> None:
    wide, high = area.figure.get_size_inches()
    for line, (name, colour) in enumerate(panel.names):
        down = area.height - tall + line * LEGEND_LINE + 0.12
        corner = ((area.left + LEFT) / wide, (area.bottom + area.height - down - 0.01) / high)
        mark = Rectangle(
            corner, 0.2 / wide, 0.11 / high, color=LIGHT[colour], transform=area.figure.transFigure
        )
        area.figure.add_artist(mark)
        area.text(LEFT + 0.3, down, cut(name, MOST_IN_LINE), fontsize=8.5)
