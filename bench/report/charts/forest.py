"""Draws forests: estimates with their intervals, one under another, beside a line that says "no difference"."""

from __future__ import annotations

import re

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
    "worse": ("misuse", "s"),
    "better": ("async", "D"),
    "best": ("async", "D"),
    "same": ("other", "o"),
    "unresolved": ("sync", "o"),
}
_UNSETTLED = ("inconclusive", "unresolved")
_NOTHING = ("no change", "same")


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
    axes.set_xlim(*_span(panel))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(_signed))
    about = f"{panel.axis}\nline: interval; shaded: too small to matter; arrow: further out"
    axes.set_xlabel(about, color=LIGHT[QUIET], fontsize=8.5)
    for place, whisker in enumerate(panel.whiskers):
        _label(axes, place, whisker)
        _band(axes, place, whisker, _span(panel))
        _draw(axes, place + 0.7, whisker, panel.reach)


def _span(panel: ForestPanel) -> tuple[float, float]:
    far, near = _ROOM * panel.reach, (_ROOM - 1) * panel.reach
    return (-near if panel.side == "above" else -far, near if panel.side == "below" else far)


def _signed(figure: float, _: object = None) -> str:
    return f"{figure:+g}" if figure else "0"


def _label(axes: Axes, place: int, whisker: Whisker) -> None:
    across = axes.get_yaxis_transform()
    colour = QUIET if whisker.verdict in _NOTHING else INK
    said = whisker.text
    if len(whisker.label + said) > MOST_IN_LINE:  # the interval is drawn as well
        said = re.sub(r" \([^)]*\)", "", said, count=1)
    name = cut(whisker.label, MOST_IN_LINE - len(said))
    axes.text(0, place + 0.4, name, transform=across, color=LIGHT[INK], fontsize=9)
    axes.text(1, place + 0.4, said, transform=across, color=LIGHT[colour], fontsize=8.5, ha="right")


def _band(axes: Axes, place: int, whisker: Whisker, span: tuple[float, float]) -> None:
    top, tall = place + 0.5, 0.4
    left, right = max(-whisker.margin, span[0]), min(whisker.margin, span[1])
    if right > left:
        axes.add_patch(Rectangle((left, top), right - left, tall, color=LIGHT[GRID], linewidth=0, zorder=0.5))
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
        face = PAPER if whisker.verdict in _UNSETTLED else colour
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
