"""What is really drawn of a forest, read from the figure that matplotlib made."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from bench.gates.output.whiskers import chart
from bench.model.change import Change, Judgement, Verdict
from bench.report.charts import drawing
from bench.report.charts.palette import LIGHT
from tests.bench.drawn import xs


def change(verdict: Verdict, ratio: float, low: float, high: float) -> Change:
    return Change(f"{verdict}!", "cpu", verdict, ratio=ratio, low=low, high=high, margin=0.02)


REGRESSED = change("regressed", 1.1, 1.05, 1.15)
IMPROVED = change("improved", 0.9, 0.85, 0.95)
SAME = change("no change", 1.0, 0.99, 1.01)
OPEN = change("inconclusive", 1.01, 0.97, 1.05)


def drawn(*changes: Change) -> Axes:
    found = chart(Judgement("t", changes))
    assert found
    (axes,) = drawing.whole(found).axes
    return axes


def points(axes: Axes) -> list[Line2D]:
    return [line for line in axes.lines if line.get_markersize() == 7]


def test_a_point_stands_at_the_difference_and_a_line_spans_the_interval() -> None:
    axes = drawn(REGRESSED)
    (point,) = points(axes)
    assert xs(point) == [10.0]
    assert [xs(line) for line in axes.lines if line not in (point,)] == [[5, 15], [5], [15]]


def test_verdicts_differ_in_marker_as_well_as_in_colour() -> None:
    looks = [
        (point.get_marker(), to_hex(str(point.get_color())), to_hex(str(point.get_markerfacecolor())))
        for point in points(drawn(REGRESSED, IMPROVED, SAME, OPEN))
    ]
    assert len({(marker, face == "#ffffff") for marker, _, face in looks}) == 4
    assert [colour for _, colour, _ in looks] == [
        LIGHT[name] for name in ("misuse", "async", "other", "sync")
    ]
    assert [face == "#ffffff" for *_, face in looks] == [False, False, False, True]


def test_the_band_is_as_wide_as_the_margin_on_both_sides_of_no_difference() -> None:
    axes = drawn(SAME, REGRESSED)
    bands = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [(band.get_x(), band.get_width()) for band in bands] == [(-2, 4), (-2, 4)]
    left, right = axes.get_xlim()
    assert left == -right


def test_words_say_what_and_how_much_and_the_verdict() -> None:
    said = [text.get_text() for text in drawn(REGRESSED).texts]
    assert said == ["regressed!", "+10.00 % regressed"]


def test_what_lies_further_out_is_an_arrow_at_the_edge() -> None:
    axes = drawn(SAME, change("regressed", 9.0, 8.0, 10.0))
    _, far = points(axes)
    assert (far.get_marker(), xs(far)) == (">", [40.0])
