"""Drift over the rotations, as data and as drawn."""

from __future__ import annotations

import pytest

from bench.model.record import Record
from bench.report.charts import drawing
from bench.report.charts.panels import DriftPanel
from bench.report.drift import drift
from bench.results.cells import gather
from tests.bench.builders import record
from tests.bench.drawn import xs
from tests.bench.results.rounds import in_slices


def panel_of(*records: Record) -> DriftPanel:
    (panel,) = drift(gather(records)).panels
    assert isinstance(panel, DriftPanel)
    return panel


def test_a_slice_stands_at_its_share_of_the_median_of_its_lane() -> None:
    """Over both rounds: the median of 80, 100, 120, 100 and 50 is 100, of twice as fast a lane 200."""
    panel = panel_of(
        in_slices(record("a"), [80.0, 100.0, 120.0]),
        in_slices(record("a", repeat=1), [100.0, 50.0]),
        in_slices(record("b"), [160.0, 200.0, 240.0]),
        in_slices(record("b", repeat=1), [200.0, 200.0]),
    )
    slow, fast = panel.lines
    assert [y for _, y in slow] == [80, 100, 120, None, 100, 50, None]
    assert [y for _, y in fast] == [80, 100, 120, None, 100, 100, None]
    assert [y for _, y in panel.middle] == [80, 100, 120, None, 100, 75, None]
    assert [x for x, _ in slow] == [0.5, 1.5, 2.5, 3, 3.5, 4.5, 5]
    assert panel.borders == (3,)


def test_a_lane_that_ended_early_has_a_gap() -> None:
    panel = panel_of(in_slices(record("a"), [10.0] * 4), in_slices(record("b"), [10.0] * 2))
    assert [y for _, y in panel.lines[1]] == [100, 100, None, None, None]
    assert [y for _, y in panel.middle] == [100, 100, 100, 100, None]


def test_many_rotations_are_drawn_as_medians_of_neighbours() -> None:
    """Of three: with a tenth of 600 slices disturbed, no median is."""
    paces = [200.0 if at % 10 == 0 else 100.0 for at in range(600)]
    panel = panel_of(in_slices(record("a"), paces))
    assert len(panel.middle) <= 241
    assert {y for _, y in panel.middle} == {100.0, None}


def test_what_has_no_slices_has_no_drift() -> None:
    assert drift(gather([record(), record("b")])).panels == ()
    assert drift(gather([in_slices(record(), [0.0, 0.0])])).panels == ()


def test_each_lane_is_a_faint_line_and_their_middle_a_bold_one() -> None:
    made = [in_slices(record(setup, repeat=at), [90.0, 100.0, 110.0]) for setup in "ab" for at in range(2)]
    (axes,) = drawing.whole(drift(gather(made))).axes
    lines = [line for line in axes.lines if len(xs(line)) > 2]
    assert [line.get_alpha() for line in lines] == [pytest.approx(0.35), pytest.approx(0.35), 1.0]
    assert lines[2].get_linewidth() > 2 * lines[0].get_linewidth()
    assert axes.get_ylim() == (0, pytest.approx(1.05 * 110))
