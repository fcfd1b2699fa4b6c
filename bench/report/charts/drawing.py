"""Charts as pictures, drawn with matplotlib; so do the modules beside it, and nobody else.

A panel is laid out in inches by hand, so that it looks the same alone, as SVG in the page, and in a PNG beside the
others. Everything is drawn with `Figure` itself: no pyplot, no global state.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from bench.report.charts.axes import (
    LEFT,
    LEGEND_LINE,
    Area,
    code_marks,
    cut,
)
from bench.report.charts.curves import curves_height, draw_curves
from bench.report.charts.drift import draw_drift, drift_height
from bench.report.charts.forest import draw_forest, forest_height
from bench.report.charts.lanes import draw_lanes, lanes_height
from bench.report.charts.palette import INK, LIGHT, PAPER, QUIET
from bench.report.charts.panels import (
    Chart,
    CurvePanel,
    DriftPanel,
    ForestPanel,
    LanePanel,
    Panel,
    PlanePanel,
    StackPanel,
    StripPanel,
)
from bench.report.charts.plane import draw_plane, plane_height
from bench.report.charts.stacks import draw_stacks, stacks_height
from bench.report.charts.strips import draw_strips, strips_height
from bench.report.charts.times import draw_times, times_height
from bench.stats.table import marks

WIDTH = 4.3
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


def svg(panel: Panel, names: Mapping[str, str]) -> str:
    """One panel as an SVG document; `names` gives the mark of each caveat code."""
    with _style():
        figure = Figure(figsize=(WIDTH, height(panel)))
        figure.patch.set_visible(False)
        area = Area(figure=figure, left=0.0, bottom=0.0, width=WIDTH, height=height(panel))
        draw(area, panel, names)
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
    legend = textwrap.wrap(explanation(chart, names), int(width * _LETTERS_PER_INCH))
    tall = sum(heights) + (len(rows) - 1) * _GAP + 0.5 + 0.1 + LEGEND_LINE * len(legend)
    with _style():
        figure = Figure(figsize=(width, tall), facecolor=PAPER)
        heading = {"fontsize": 12, "fontweight": "bold", "color": LIGHT[INK]}
        figure.text(LEFT / width, 1 - 0.3 / tall, chart.title, heading)
        top = tall - 0.5
        for row, row_height in zip(rows, heights, strict=True):
            for place, panel in enumerate(row):
                own = height(panel)
                left, bottom = place * (WIDTH + _GAP), top - own
                area = Area(figure=figure, left=left, bottom=bottom, width=WIDTH, height=own)
                draw(area, panel, names)
            top -= row_height + _GAP
        figure.text(LEFT / width, 0.1 / tall, "\n".join(legend), fontsize=8, color=LIGHT[QUIET])
    return figure


def explanation(chart: Chart, names: Mapping[str, str]) -> str:
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
    """The height of a panel, in inches."""
    if isinstance(panel, StripPanel):
        return strips_height(panel)
    if isinstance(panel, CurvePanel):
        return curves_height(panel)
    if isinstance(panel, PlanePanel):
        return plane_height(panel)
    if isinstance(panel, StackPanel):
        return stacks_height(panel)
    if isinstance(panel, LanePanel):
        return lanes_height(panel)
    if isinstance(panel, ForestPanel):
        return forest_height(panel)
    if isinstance(panel, DriftPanel):
        return drift_height(panel)
    return times_height(panel)


def draw(area: Area, panel: Panel, names: Mapping[str, str]) -> None:
    """Draw a panel with its title; `names` gives the mark of each caveat code."""
    area.text(LEFT, 0.2, cut(panel.title, _MOST_IN_TITLE), fontsize=9.5, fontweight="bold")
    if isinstance(panel, StripPanel):
        draw_strips(area, panel, names)
    elif isinstance(panel, CurvePanel):
        draw_curves(area, panel, names)
    elif isinstance(panel, PlanePanel):
        draw_plane(area, panel)
    elif isinstance(panel, StackPanel):
        draw_stacks(area, panel)
    elif isinstance(panel, LanePanel):
        draw_lanes(area, panel, code_marks(panel.codes, names) + (" invalid" if panel.invalid else ""))
    elif isinstance(panel, ForestPanel):
        draw_forest(area, panel)
    elif isinstance(panel, DriftPanel):
        draw_drift(area, panel)
    else:
        draw_times(area, panel, names)
