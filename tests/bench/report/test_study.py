"""The charts of the study, as data and as drawn."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.measure.store import read_micro
from bench.report.chapter import Chapter, chapter
from bench.report.charts import drawing
from bench.report.charts.panels import Chart, PlanePanel, StackPanel
from bench.results.results import understand
from tests.bench.builders import run
from tests.bench.results.study.made import cells


def ladder_of(made: Chapter) -> tuple[PlanePanel, ...]:
    chart = made.charts[0]
    return tuple(panel for panel in chart.panels if isinstance(panel, PlanePanel))


def test_throughput_is_drawn_by_users_with_what_arithmetic_allows(made: Chapter) -> None:
    throughput = ladder_of(made)[0]
    by_label = {trace.label: trace.points for trace in throughput.traces}
    assert by_label["async"] == ((1, 98), (8, 780), (128, 3000))
    assert by_label["misuse"] == ((1, 97), (8, 98))
    assert by_label["users / t, async"] == (
        (1, pytest.approx(100)),
        (80, pytest.approx(8000)),
    )  # twice the highest
    assert [(mark.label, pytest.approx(mark.at)) for mark in throughput.levels] == [
        ("workers × tokens / t, sync: 4,000 req/s", 4000),
        ("workers / t, misuse: 100 req/s", 100),
    ]


def test_what_users_could_have_is_drawn_from_the_first_level_to_twice_the_highest_figure() -> None:
    """One user has 500 req/s (2 ms alone), the loop 1000 (1 ms of CPU), so the line ends at 2000: with 4 users."""
    rows = [
        (f"cpu-{way}", users, rate) for way in ("async", "sync") for users, rate in ((1, 450.0), (32, 900.0))
    ]
    found = [
        one for name, users, rate in rows for one in cells(name, users, rate, rate, p50=2.0, cpu_us=1000.0)
    ]
    drawn = chapter(understand(run(*found)))
    assert drawn is not None
    (line,) = [trace for trace in ladder_of(drawn)[0].traces if trace.style == "dashes"]
    assert line.points == ((1, pytest.approx(500)), (pytest.approx(4), pytest.approx(2000)))


def test_the_ratio_is_drawn_with_its_interval_and_hollow_where_nothing_is_shown(made: Chapter) -> None:
    (trace,) = ladder_of(made)[1].traces
    assert [x for x, _ in trace.points] == [1, 8, 128]
    assert [x for x, _ in trace.hollow] == [1, 8]
    assert [x for x, _, _ in trace.spans] == [1, 8, 128]
    assert all(
        low - 1e-9 <= y <= high + 1e-9
        for (_, y), (_, low, high) in zip(trace.points, trace.spans, strict=True)
    )


def test_bystanders_and_cpu_have_a_panel_each(made: Chapter) -> None:
    _, _, victims, cpu = ladder_of(made)
    assert {trace.label: trace.points[0][1] for trace in victims.traces} == {
        "async": 2,
        "sync": 9,
        "misuse": 90,
    }
    assert {trace.points[0][1] for trace in cpu.traces} == {80}


def costs_of(made: Chapter) -> StackPanel:
    (panel,) = made.charts[-1].panels
    assert isinstance(panel, StackPanel)
    return panel


def test_each_scenario_has_a_bar_in_process_and_one_over_http(made: Chapter) -> None:
    panel = costs_of(made)
    assert [stack.label for stack in panel.stacks] == [
        "io-async in-process",
        "io-async over HTTP",
        "io-sync in-process",
        "io-sync over HTTP",
    ]
    assert panel.stacks[0].parts == pytest.approx((100, 0, 10_000, 0))
    assert sum(panel.stacks[1].parts) == pytest.approx(1e6 / 98)
    assert panel.stacks[2].parts == pytest.approx((100, 250, 10_040, 0))


def test_bars_are_drawn_as_long_as_they_are(made: Chapter) -> None:
    (axes,) = drawing.whole(Chart(name="x", title="X", reading="", panels=(costs_of(made),))).axes
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches]  # type: ignore[attr-defined]
    assert max(ends) == pytest.approx(sum(costs_of(made).stacks[3].parts))
    assert axes.get_xlim()[1] > max(ends)


def test_users_stand_at_equal_distances_for_each_doubling(made: Chapter) -> None:
    axes = drawing.whole(Chart(name="x", title="X", reading="", panels=(ladder_of(made)[0],))).axes[0]
    assert [math.log2(at) for at in axes.get_xticks()] == [0, 3, 7]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "8", "128"]
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_benchmarks_are_read_from_the_runs_folder(tmp_path: Path) -> None:
    assert read_micro(tmp_path) is None
    (tmp_path / "micro.json").write_text(json.dumps({"machine_info": {"cpu": "x"}, "benchmarks": []}))
    found = read_micro(tmp_path)
    assert found is not None
    assert found.machine == {"cpu": "x"}
    (tmp_path / "micro.json").write_text("{")
    with pytest.raises(UsageError, match=r"micro\.json: this is no JSON that"):
        read_micro(tmp_path)
