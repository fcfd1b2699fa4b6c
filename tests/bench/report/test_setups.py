"""The forests of setups, as data and as drawn."""

from __future__ import annotations

import math

import pytest
from matplotlib.patches import Rectangle

from bench.model.record import Record
from bench.report.charts import drawing
from bench.report.charts.panels import ForestPanel
from bench.report.setups import setups
from bench.results.cells import gather
from tests.bench.builders import OPEN, realistic, record
from tests.bench.drawn import xs
from tests.bench.results.rounds import reach, three_rounds


def panels(*records: tuple[Record, ...]) -> list[ForestPanel]:
    chart = setups(gather([one for some in records for one in some]))
    return [panel for panel in chart.panels if isinstance(panel, ForestPanel)]


def test_a_line_is_a_setup_with_its_interval_in_per_cent_behind_the_best() -> None:
    (panel,) = panels(three_rounds("half", 50, 0.01), three_rounds("best", 100))
    best, half = panel.whiskers
    assert (best.label, best.verdict, best.middle, best.low, best.high) == ("best", "best", 0, 0, 0)
    assert (half.label, half.verdict, half.middle, half.margin) == ("half", "worse", -50, 2)
    assert half.low == pytest.approx(100 * (0.5 * math.exp(-reach(0.01)) - 1), abs=0.01)
    assert half.high == pytest.approx(100 * (0.5 * math.exp(reach(0.01)) - 1), abs=0.01)
    assert half.text == "0.50 (0.49 to 0.51) worse"
    assert (panel.side, panel.title) == ("below", "noop-async · native, 32 users")


def test_where_lower_is_better_others_stand_above_the_best() -> None:
    (panel,) = panels(three_rounds("a", 400, load=OPEN, p99=4.0), three_rounds("b", 400, load=OPEN, p99=6.0))
    assert [(one.label, one.middle) for one in panel.whiskers] == [("a", 0), ("b", 50)]
    assert panel.side == "above"


def test_a_single_round_has_points_without_lines() -> None:
    (panel,) = panels((record("a", throughput=100),), (record("b", throughput=50),))
    assert [(one.middle, one.low, one.high, one.verdict) for one in panel.whiskers] == [
        (0, None, None, "unresolved"),
        (-50, None, None, "unresolved"),
    ]


def test_a_scenario_of_one_setup_and_invalid_cells_have_no_line() -> None:
    assert panels(three_rounds("a", 100)) == []
    (panel,) = panels(three_rounds("a", 100), three_rounds("b", 90), three_rounds("c", 80, valid=False))
    assert [one.label for one in panel.whiskers] == ["a", "b"]


def test_the_axis_ends_at_the_best_where_nothing_can_be_better() -> None:
    (panel,) = panels(three_rounds("half", 50, 0.01), three_rounds("best", 100))
    (axes,) = drawing.whole(
        setups(gather([*three_rounds("half", 50, 0.01), *three_rounds("best", 100)]))
    ).axes
    left, right = axes.get_xlim()
    assert left < -50 < 0 < right < 5
    bands = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [(band.get_x(), band.get_x() + band.get_width()) for band in bands] == [(-2, 2), (-2, 2)]
    points = [line for line in axes.lines if line.get_markersize() == 7]
    assert [xs(point) for point in points] == [[0], [-50]]
    assert panel.reach == pytest.approx(-left / 1.06)


def test_the_words_of_a_long_name_leave_the_interval_to_the_drawing() -> None:
    name = "my-uvicorn-asyncio-httptools-x"
    (axes,) = drawing.whole(setups(gather([*three_rounds(name, 50), *three_rounds("best", 100)]))).axes
    assert [text.get_text() for text in axes.texts][2:] == [name, "0.50 worse"]


def test_every_whisker_of_a_whole_run_is_drawn() -> None:
    chart = setups(gather(realistic().records))
    figure = drawing.whole(chart)
    assert [len(axes.texts) // 2 for axes in figure.axes] == [
        len(panel.whiskers) for panel in chart.panels if isinstance(panel, ForestPanel)
    ]
