"""Charts of runs about limits: the data, the drawing, and the whole report."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.model.plan import ClosedLoad, Setup
from bench.model.record import Record, Run
from bench.report.charts import drawing
from bench.report.charts.panels import PlanePanel
from tests.bench.builders import charts_of, repeats, report, run
from tests.bench.capacity.searches import search
from tests.bench.drawn import xs


def planes(made: Run) -> list[PlanePanel]:
    (chart,) = charts_of(made)
    return [panel for panel in chart.panels if isinstance(panel, PlanePanel)]


def test_latency_is_drawn_over_the_offered_load_with_objective_knee_and_capacity() -> None:
    latency, _ = planes(search())
    p99, p50 = latency.traces
    assert p99.points == ((100, 12.0), (200, 12.5), (400, 13.0), (560, 20.0), (600, 700.0), (800, 1900.0))
    assert p99.hollow == ((600, 700.0), (800, 1900.0))
    assert p50.points[0] == (100, 6.0)
    assert [(mark.at, mark.label) for mark in latency.uprights] == [
        (560, "knee, 560 arrivals/s"),
        (560, "capacity, 560 arrivals/s"),
    ]
    assert [(mark.at, mark.label) for mark in latency.levels] == [(50.0, "objective p99<50ms")]
    assert latency.log


def test_answers_are_drawn_beside_what_was_due() -> None:
    _, answers = planes(search())
    answered, due = answers.traces
    assert answered.points[-1] == (800, pytest.approx(560))
    assert due.points[-1] == (800, 800)


def test_what_is_drawn_stands_where_the_data_say() -> None:
    (chart,) = charts_of(search())
    latency, _ = drawing.whole(chart).axes
    assert latency.get_yscale() == "log"
    assert [100, 200, 400, 560, 600, 800] in [xs(line) for line in latency.lines]
    assert latency.get_xlim()[0] == 0
    assert latency.get_xlim()[1] > 800
    low, high = latency.get_ylim()
    assert low < 6.0
    assert high > 2000


def test_a_search_without_trials_has_no_chart() -> None:
    begun = search(arrivals_per_s=None, limit="not finished")
    assert charts_of(Run(begun.name, begun.facts, begun.records[:1])) == ()


def grown() -> Run:
    """Exactly lambda = 1000, sigma = 0, kappa = 0.05: the peak is at sqrt(20), 4.5 workers."""
    setups = tuple(Setup(f"a-workers-{n}", "uvicorn", workers=n) for n in (1, 2, 4, 8))
    records: list[Record] = []
    for setup in setups:
        n = setup.workers
        records += repeats(
            setup.name, "noop-async", 1000 * n / (1 + 0.05 * n * (n - 1)), load=ClosedLoad(32 * n, 4.0)
        )
    return run(*records, setups=setups, scaling={"setup": "a", "scenario": "noop-async", "cpus": 8})


def test_the_law_is_drawn_through_the_points() -> None:
    (plane,) = planes(grown())
    law, linear, measured = plane.traces
    assert [x for x, _ in measured.points] == [1, 2, 4, 8]
    drawn = dict(law.points)
    assert (min(drawn), max(drawn)) == (1, 8)
    assert drawn[1] == pytest.approx(1000)
    assert drawn[8] == pytest.approx(8000 / 3.8)
    assert dict(linear.points)[8] == pytest.approx(8000)
    assert [mark.at for mark in plane.uprights] == [pytest.approx(20**0.5, rel=1e-3)]


@pytest.mark.parametrize("made", [search(), grown()], ids=["capacity", "scaling"])
def test_the_whole_report_is_written(made: Run, tmp_path: Path) -> None:
    page = report(made, tmp_path).read_text()
    (chart,) = charts_of(made)
    assert f'id="chart-{chart.name}"' in page
    assert f'href="#chart-{chart.name}"' in page
    assert (tmp_path / "charts" / f"{chart.name}.png").stat().st_size > 4_000
    assert f"charts/{chart.name}.png" in (tmp_path / "report.md").read_text()
