"""What is really drawn, read from the figure that matplotlib made and from the SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from bench.model.record import Caveat, Record, TimelineBin
from bench.report.charts import drawing
from bench.report.charts.panels import Chart
from bench.stats.table import marks
from tests.bench.builders import charts_of, realistic, record, repeats, run
from tests.bench.drawn import xs

LONG = "my-company-uvicorn-asyncio-httptools-with-everything-turned-on"


def chart(name: str, *records: Sequence[Record]) -> Chart:
    made = charts_of(run(*[one for some in records for one in some]))
    return next(found for found in made if found.name == name)


def axes_of(drawn: Chart) -> list[Axes]:
    return drawing.whole(drawn).axes


def test_a_bar_is_as_long_as_the_median_and_its_line_spans_the_repeats() -> None:
    (axes,) = axes_of(chart("throughput", repeats("a", "noop-async", 100, 150, 210)))
    (bar,) = axes.patches
    assert isinstance(bar, Rectangle)
    assert (bar.get_x(), bar.get_width()) == (0, 150)
    assert xs(axes.lines[0]) == [100, 210]
    assert axes.get_xlim()[0] == 0
    assert axes.get_xlim()[1] >= 210


def test_an_invalid_bar_is_hatched_and_hollow_and_a_valid_one_is_not() -> None:
    (axes,) = axes_of(
        chart("throughput", repeats("a", "noop-async", 2, 3), repeats("b", "noop-async", 9, 9, valid=False))
    )
    assert [(bool(bar.get_hatch()), to_rgba(bar.get_facecolor())[3]) for bar in axes.patches] == [
        (False, 1.0),
        (True, 0.0),
    ]
    assert "invalid  9.0 (9.0–9.0)" in [text.get_text() for text in axes.texts]


def test_the_words_of_a_strip_carry_the_marks_of_its_caveats() -> None:
    doubts = (Caveat("steal", ""), Caveat("lag", ""))
    drawn = chart("throughput", repeats("a", "noop-async", 2, 3, caveats=doubts))
    (axes,) = axes_of(drawn)
    assert axes.texts[0].get_text() == "noop-async [a b]"
    assert drawing.explanation(drawn, marks(drawn.codes)) == "a: lag; b: steal"


def test_victims_stand_on_a_logarithmic_axis_at_their_p99() -> None:
    (axes,) = axes_of(
        chart(
            "victims",
            repeats("a", "io-async", 9, 9, victim_p99=2.5),
            repeats("a", "io-misuse", 9, 9, victim_p99=330.0),
        )
    )
    assert axes.get_xscale() == "log"
    dots = [xs(line)[0] for line in axes.lines if line.get_marker() == "o"]
    assert dots == [2.5, 330.0]
    assert axes.get_xlim() == (1.0, 1000.0)


def test_victims_have_the_same_axis_in_all_panels() -> None:
    some = axes_of(
        chart(
            "victims",
            repeats("a", "io-async", 9, 9, victim_p99=2.5),
            repeats("b", "io-async", 9, 9, victim_p99=3.0),
            repeats("a", "io-misuse", 9, 9, victim_p99=330.0),
        )
    )
    assert [axes.get_xlim() for axes in some] == [(1.0, 1000.0)] * 2


def test_ticks_of_a_curve_stand_at_the_percentiles_that_they_name() -> None:
    (axes,) = axes_of(chart("latency", [record(curve=((0.0, 1.0), (50.0, 2.0), (99.0, 9.0), (99.9, 20.0)))]))
    named = dict(zip([label.get_text() for label in axes.get_xticklabels()], axes.get_xticks(), strict=True))
    assert named == pytest.approx({"0": 0.0, "50": 0.30103, "90": 1.0, "99": 2.0, "99.9": 3.0})
    assert axes.get_yscale() == "log"


def test_a_panel_alone_is_an_svg_document_that_parses() -> None:
    names = {
        code: code[:1] for code in ("errors", "few-samples", "generator-saturated", "lag", "uneven-workers")
    }
    for drawn in charts_of(realistic()):
        element = ElementTree.fromstring(drawing.svg(drawn.panels[0], names))
        assert element.tag == "{http://www.w3.org/2000/svg}svg"


def test_words_stay_words_so_that_they_can_be_found_and_read_aloud() -> None:
    document = drawing.svg(chart("throughput", repeats("a<b>&c", "noop-async", 1, 2)).panels[0], {})
    assert any(
        element.text == "a<b>&c · native, 32 users" for element in ElementTree.fromstring(document).iter()
    )


def test_long_names_are_cut_so_that_nothing_leaves_its_panel_or_overlaps() -> None:
    doubts = tuple(
        Caveat(code, "") for code in ("generator-saturated", "few-samples", "lag", "uneven-workers")
    )
    curve = ((0.0, 1.0), (99.0, 2.0))
    timeline = tuple(
        TimelineBin(t_s=place / 10, throughput_rps=1000.0, errors=0, p50_ms=1.0, p99_ms=2.0)
        for place in range(5)
    )
    told = run(
        *repeats(
            LONG, "noop-async", 10_123, 10_456, caveats=doubts, valid=False, workers=(3, 4), timeline=timeline
        ),
        *repeats("b", f"{LONG}-async", 10_123, 10_456, caveats=doubts, victim_p99=1_234.0, curve=curve),
        *repeats("b", "noop-async", 10_123, 10_456, curve=curve),
        *repeats(LONG, f"{LONG}-async", 1, 2, curve=curve, caveats=doubts, valid=False, victim_p99=3.0),
    )
    for drawn in charts_of(told):
        for panel in drawn.panels:
            assert out_of_bounds(replace(drawn, panels=(panel,))) == [], drawn.name


def out_of_bounds(alone: Chart) -> list[str]:
    """The words that leave a figure of one panel, or run into those on their right."""
    figure = drawing.whole(alone)
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    found = [text.get_text() for text in texts if text.get_window_extent(renderer).x1 > figure.bbox.x1]
    for axes in figure.axes:
        for name, said in zip(axes.texts[::2], axes.texts[1::2], strict=True):
            if name.get_window_extent(renderer).x1 > said.get_window_extent(renderer).x0:
                found.append(name.get_text())
    return found


def test_marks_survive_when_a_name_is_cut() -> None:
    doubts = tuple(Caveat(code, "") for code in "abcd")
    (axes,) = axes_of(chart("throughput", repeats("u", f"{LONG}-x", 10_123, 10_456, caveats=doubts)))
    assert re.fullmatch(r"my-company-.*… \[a b c d\]", axes.texts[0].get_text())


def test_a_panel_is_as_tall_as_what_it_holds() -> None:
    few = chart("throughput", repeats("a", "noop-async", 1, 2), repeats("b", "noop-async", 1, 2)).panels[0]
    many = chart("throughput", *[repeats(name, "noop-async", 1, 2) for name in "abcdef"]).panels[0]
    assert drawing.height(many) == pytest.approx(drawing.height(few) + 4 * 0.4)
