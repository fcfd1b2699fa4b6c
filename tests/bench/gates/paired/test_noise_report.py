"""A machine's noise as tables and power curves."""

from __future__ import annotations

from dataclasses import replace

from bench.gates.paired.noise_report import chart, tables
from bench.report.charts.panels import PlanePanel
from tests.bench.gates.paired.noisy import NOISE


def test_processes_that_cannot_be_told_apart_are_not_said_to_be_alike() -> None:
    (note,) = tables(replace(NOISE, process_sd=0.0))[1].notes
    assert "less than turns so few can show" in note


def test_the_chart_has_a_curve_for_each_time_that_rises_to_certainty() -> None:
    (panel,) = chart(NOISE).panels
    assert isinstance(panel, PlanePanel)
    assert [trace.label for trace in panel.traces] == ["60 s", "120 s", "300 s"]
    for trace in panel.traces:
        found = [up for _, up in trace.points]
        assert found == sorted(found)
        assert found[-1] > 95


def test_the_tables_name_the_best_slice() -> None:
    slices, finds = tables(NOISE)
    assert [row.entries[0] for row in slices.rows if row.entries[-1] == "best"] == ["64"]
    assert [row.entries[0] for row in finds.rows] == ["60", "120", "300"]
