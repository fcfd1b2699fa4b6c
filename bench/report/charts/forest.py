"""Draws forests: estimates with their intervals, one under another, beside a line that says "no difference"."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.report.charts.axes import FOOT, LEFT, MOST_IN_LINE, RIGHT, TITLE, Area, cut, frame
from bench.report.charts.palette import GRID, INK, LIGHT, PAPER, QUIET
from bench.report.charts.panels import ForestPanel, Whisker

_PITCH = 0.4
_NOTE = 0.18
_ROOM = 1.06
_LOOKS = {
    "regressed": ("misuse", "s"),
    "improved": ("async", "D"),
    "no change": ("other", "o"),
    "inconclusive": ("sync", "o"),
}


def forest_height(panel: ForestPanel) -> float:
    """The height of a forest, in inches."""
    return TITLE + _PITCH * len(panel.whiskers) + FOOT + _NOTE


def draw_forest(area: Area, panel: ForestPanel) -> None:
    """Draw a panel: words, and below them an interval on a shaded band."""
    count = len(panel.whiskers)
    axes = area.axes(LEFT, FOOT + _NOTE, area.width - LEFT - RIGHT, _PITCH * count)
    frame(axes, None)
    axes.set_ylim(count, 0)
    axes.set_yticks([])
    axes.set_xlim(-_ROOM * panel.reach, _ROOM * panel.reach)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(_signed))
    about = "difference of head from base, %\nline: interval; shaded: too small to matter; arrow: further out"
    axes.set_xlabel(about, color=LIGHT[QUIET], fontsize=8.5)
    for place, whisker in enumerate(panel.whiskers):
        _label(axes, place, whisker)
        _band(axes, place, whisker, panel.reach)
        _draw(axes, place + 0.7, whisker, panel.reach)


def _signed(figure: float, _: object = None) -> str:
    return f"{figure:+g}" if figure else "0"


def _label(axes: Axes, place: int, whisker: Whisker) -> None:
    across = axes.get_yaxis_transform()
    colour = QUIET if whisker.verdict == "no change" else INK
    name = cut(whisker.label, MOST_IN_LINE - len(whisker.text))
    axes.text(0, place + 0.4, name, transform=across, color=LIGHT[INK], fontsize=9)
    axes.text(1, place + 0.4, whisker.text, transform=across, color=LIGHT[colour], fontsize=8.5, ha="right")


def _band(axes: Axes, place: int, whisker: Whisker, reach: float) -> None:
    top, tall = place + 0.5, 0.4
    half = min(whisker.margin, _ROOM * reach)
    if half:
        axes.add_patch(Rectangle((-half, top), 2 * half, tall, color=LIGHT[GRID], linewidth=0, zorder=0.5))
    axes.vlines(0, top, top + tall, colors=LIGHT[INK], linewidth=1, zorder=1)


def _draw(axes: Axes, y: float, whisker: Whisker, reach: float) -> None:
    name, marker = _LOOKS[whisker.verdict]
    colour = LIGHT[name]
    if whisker.low is not None and whisker.high is not None:
        ends = [max(-reach, min(reach, end)) for end in (whisker.low, whisker.high)]
        axes.plot(ends, (y, y), color=colour, linewidth=1.8, solid_capstyle="butt", zorder=2)
        for end, shown in zip((whisker.low, whisker.high), ends, strict=True):
            axes.plot([shown], [y], marker=_end(end, reach, "|"), color=colour, markersize=6, zorder=2)
    if whisker.middle is not None:
        at = max(-reach, min(reach, whisker.middle))
        face = PAPER if whisker.verdict == "inconclusive" else colour
        axes.plot(
            [at],
            [y],
            marker=_end(whisker.middle, reach, marker),
            color=colour,
            markerfacecolor=face,
            markeredgewidth=1.5,
            markersize=7,
            zorder=3,
        )


def _end(at: float, reach: float, marker: str) -> str:
    """The marker, or an arrow to where it would stand."""
    return ">" if at > reach else "<" if at < -reach else marker
