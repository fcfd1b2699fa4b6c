"""Charts as pictures, drawn with matplotlib; so do axes.py, forest.py, lanes.py and plane.py, and nobody else.

A panel is laid out in inches by hand, so that it looks the same alone, as SVG in the page, and in a PNG beside the
others. Everything is drawn with `Figure` itself: no pyplot, no global state.
"""

from __future__ import annotations

import io
import math
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from PIL import Image

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
from bench.report.charts.forest import draw_forest, forest_height
from bench.report.charts.lanes import draw_lanes, draw_steps, lanes_height
from bench.report.charts.palette import GRID, INK, LIGHT, PAPER, QUIET
from bench.report.charts.panels import (
    Chart,
    Curve,
    CurvePanel,
    ForestPanel,
    LanePanel,
    Moment,
    Panel,
    PlanePanel,
    StackPanel,
    Strip,
    StripPanel,
    TimePanel,
)
from bench.report.charts.plane import draw_plane, plane_height
from bench.report.charts.stacks import draw_stacks, stacks_height
from bench.stats.table import marks

WIDTH = 4.3
_PITCH = 0.4
_RATES, _TAILS, _STEPS = 1.15, 1.0, 0.16
_GAP = 0.3
_MOST_IN_TITLE, _LETTERS_PER_INCH = 50, 15

INVALID = "hatched, hollow or dotted: invalid, never ranked"

_PNG_COLOURS = 128

_STYLE: dict[Any, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fastapi-bench",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "figure.dpi": 100,
    "savefig.dpi": "figure",  # as it is, whatever the user's own matplotlibrc says
    "savefig.bbox": "standard",
    "hatch.linewidth": 1.2,
    "axes.unicode_minus": False,
}
_Dash = Literal["-"] | tuple[float, tuple[float, ...]]
_DASHES: tuple[_Dash, ...] = ("-", (0, (5, 2)), (0, (2, 1)), (0, (6, 2, 1, 2)))
_PERCENTILES = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999)


def svg(panel: Panel, names: Mapping[str, str]) -> str:
    """One panel as an SVG document; `names` gives the mark of each caveat code."""
    with _style():
        figure = Figure(figsize=(WIDTH, height(panel)))
        figure.patch.set_visible(False)
        draw(Area(figure, 0.0, 0.0, WIDTH, height(panel)), panel, names)
        return _svg(figure)


def document(chart: Chart) -> str:
    """A whole chart as one SVG document."""
    with _style():
        return _svg(whole(chart))


def _svg(figure: Figure) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def png(chart: Chart, path: Path, names: Mapping[str, str]) -> None:
    """A whole chart as one picture on white, with its marks explained at the bottom."""
    with _style():
        figure, pixels = whole(chart, names), io.BytesIO()
        figure.savefig(pixels, format="rgba")
    drawn = Image.frombytes("RGBA", figure.canvas.get_width_height(), pixels.getvalue())
    # A palette takes a third of the room, and charts have few colours. The usual way to choose it goes by how many
    # pixels have a colour, and so turns the orange of a small mark into brown.
    palette = Image.Quantize.MAXCOVERAGE
    drawn.convert("RGB").quantize(_PNG_COLOURS, palette).save(path, optimize=True)


def whole(chart: Chart, names: Mapping[str, str] | None = None) -> Figure:
    """All panels of a chart on one figure, two abreast."""
    names = marks(chart.codes) if names is None else names
    abreast = min(chart.abreast, len(chart.panels))
    rows = [chart.panels[start : start + abreast] for start in range(0, len(chart.panels), abreast)]
    heights = [max(map(height, row)) for row in rows]
    width = abreast * WIDTH + (abreast - 1) * _GAP
    legend = textwrap.wrap(explained(chart, names), int(width * _LETTERS_PER_INCH))
    tall = sum(heights) + (len(rows) - 1) * _GAP + 0.5 + 0.1 + LEGEND_LINE * len(legend)
    with _style():
        figure = Figure(figsize=(width, tall), facecolor=PAPER)
        heading = {"fontsize": 12, "fontweight": "bold", "color": LIGHT[INK]}
        figure.text(LEFT / width, 1 - 0.3 / tall, chart.title, heading)
        top = tall - 0.5
        for row, row_height in zip(rows, heights, strict=True):
            for place, panel in enumerate(row):
                own = height(panel)
                draw(Area(figure, place * (WIDTH + _GAP), top - own, WIDTH, own), panel, names)
            top -= row_height + _GAP
        figure.text(LEFT / width, 0.1 / tall, "\n".join(legend), fontsize=8, color=LIGHT[QUIET])
    return figure


def explained(chart: Chart, names: Mapping[str, str]) -> str:
    """The marks in words: `a: lag; b: steal; hatched, hollow or dotted: invalid, never ranked`."""
    said = [f"{names[code]}: {code}" for code in chart.codes]
    return "; ".join([*said, *([INVALID] if chart.invalid else [])])


@contextmanager
def _style() -> Iterator[None]:
    """Our settings for a while; a name may hold a letter that the font lacks, which is no matter."""
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


def height(panel: Panel) -> float:
    """What a panel needs, in inches."""
    if isinstance(panel, StripPanel):
        return TITLE + _PITCH * len(panel.strips) + FOOT
    if isinstance(panel, CurvePanel):
        return TITLE + PLOT + FOOT + LEGEND_LINE * len(panel.curves) + 0.08
    if isinstance(panel, PlanePanel):
        return plane_height(panel)
    if isinstance(panel, StackPanel):
        return stacks_height(panel)
    if isinstance(panel, LanePanel):
        return lanes_height(panel)
    if isinstance(panel, ForestPanel):
        return forest_height(panel)
    return TITLE + 0.2 + (_STEPS if panel.steps else 0.0) + _RATES + 0.32 + _TAILS + FOOT


def draw(area: Area, panel: Panel, names: Mapping[str, str]) -> None:
    area.text(LEFT, 0.2, cut(panel.title, _MOST_IN_TITLE), fontsize=9.5, fontweight="bold")
    if isinstance(panel, StripPanel):
        _draw_strips(area, panel, names)
    elif isinstance(panel, CurvePanel):
        _draw_curves(area, panel, names)
    elif isinstance(panel, PlanePanel):
        draw_plane(area, panel)
    elif isinstance(panel, StackPanel):
        draw_stacks(area, panel)
    elif isinstance(panel, LanePanel):
        draw_lanes(area, panel, _marked(panel.codes, names) + (" invalid" if panel.invalid else ""))
    elif isinstance(panel, ForestPanel):
        draw_forest(area, panel)
    else:
        _draw_times(area, panel, names)


# --- strips: a line of words, and below it a bar or dots ------------------------------------------


def _draw_strips(area: Area, panel: StripPanel, names: Mapping[str, str]) -> None:
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
    marked = _marked(strip.codes, names)
    said = f"invalid  {strip.text}" if strip.invalid else strip.text
    if len(strip.label + marked + said) > MOST_IN_LINE:
        said = said.partition(" (")[0]
    name = cut(strip.label, MOST_IN_LINE - len(marked + said)) + marked
    axes.text(0, place + 0.4, name, transform=across, color=LIGHT[INK], fontsize=9)
    axes.text(1, place + 0.4, said, transform=across, color=LIGHT[QUIET], fontsize=8.5, ha="right")


def _marked(codes: Sequence[str], names: Mapping[str, str]) -> str:
    return f" [{' '.join(names[code] for code in codes)}]" if codes else ""


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


# --- curves --------------------------------------------------------------------------------------


def _draw_curves(area: Area, panel: CurvePanel, names: Mapping[str, str]) -> None:
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


def _dash(curve: Curve) -> _Dash:
    return (0, (1, 1.5)) if curve.invalid else _DASHES[curve.dash % len(_DASHES)]


def _legend_line(area: Area, down: float, curve: Curve, names: Mapping[str, str]) -> None:
    wide, tall = area.figure.get_size_inches()
    y = (area.bottom + area.height - down + 0.045) / tall
    ends = ((area.left + LEFT) / wide, (area.left + LEFT + 0.35) / wide)
    line = Line2D(ends, (y, y), color=LIGHT[curve.colour], linewidth=2, linestyle=_dash(curve))
    area.figure.add_artist(line)
    marked = f"{_marked(curve.codes, names)}{' (invalid)' if curve.invalid else ''}"
    said = cut(curve.label, MOST_IN_LINE - len(marked)) + marked
    area.text(LEFT + 0.45, down, said, fontsize=8.5)


# --- time ----------------------------------------------------------------------------------------


def _draw_times(area: Area, panel: TimePanel, names: Mapping[str, str]) -> None:
    left, width = 0.62, area.width - 0.62 - RIGHT
    note = f"{panel.where}{_marked(panel.codes, names)}{' invalid' if panel.invalid else ''}"
    area.text(LEFT, 0.38, cut(note, MOST_IN_LINE), fontsize=8.5, color=LIGHT[QUIET])
    rates = area.axes(left, FOOT + _TAILS + 0.32, width, _RATES)
    tails = area.axes(left, FOOT, width, _TAILS)
    for axes, name in ((rates, "req/s"), (tails, "p99, ms")):
        frame(axes, "both")
        axes.set_ylabel(name, color=LIGHT[QUIET], fontsize=8.5)
        for moments in panel.repeats:
            _draw_stalls(axes, moments, panel.bin_s)
        draw_steps(axes, panel.steps, named=axes is rates)
    for place, moments in enumerate(panel.repeats):
        _draw_moments(rates, tails, moments, panel, place)
    end = max((moments[-1].t_s for moments in panel.repeats), default=0.0) + panel.bin_s
    for axes in (rates, tails):
        axes.set_xlim(0, end)
        axes.xaxis.set_major_locator(MaxNLocator(5))
    rates.set_xticklabels([])
    rates.set_ylim(bottom=0)
    rates.yaxis.set_major_locator(MaxNLocator(3))
    rates.yaxis.set_major_formatter(FuncFormatter(short))
    logarithmic(tails, (moment.p99_ms or 0.0 for moments in panel.repeats for moment in moments))
    tails.set_xlabel("seconds since the start of the measured part", color=LIGHT[QUIET], fontsize=8.5)


def _draw_moments(rates: Axes, tails: Axes, moments: Sequence[Moment], panel: TimePanel, place: int) -> None:
    times = [moment.t_s + panel.bin_s / 2 for moment in moments]
    style: dict[str, Any] = {"color": LIGHT[panel.colour], "linewidth": 1.3}
    style["alpha"] = max(1 - 0.25 * place, 0.4)
    dash: _Dash = (0, (1, 1.5)) if panel.invalid else _DASHES[place % len(_DASHES)]
    rates.plot(times, [moment.throughput_rps for moment in moments], linestyle=dash, **style)
    waits = [math.nan if moment.p99_ms is None else moment.p99_ms for moment in moments]
    tails.plot(times, waits, linestyle=dash, marker=".", markersize=3, **style)


def _draw_stalls(axes: Axes, moments: Sequence[Moment], bin_s: float) -> None:
    for moment in moments:
        if moment.stalled:
            axes.axvspan(moment.t_s, moment.t_s + bin_s, color=LIGHT["misuse"], alpha=0.18, linewidth=0)
