"""The server under the latency: which lanes stand there, in what order, and what is drawn of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.record import (
    Latency,
    Record,
    ResourceSlice,
    StageSummary,
    TimelineBin,
    Worker,
    WorkerTimeline,
)
from bench.report.charts import drawing
from bench.report.charts.panels import Chart, LanePanel, LoadStep, PlotLane
from tests.bench.builders import charts_of, record, run
from tests.bench.drawn import xs, ys

TIMES = (0.5, 1.0, 2.0)
QUIET = {
    "t_s": TIMES,
    "cpu_share": (0.5, 0.25, 1.0),
    "run_wait_share": (0.0, 0.0, 0.0),
    "rss_bytes": (90, 90, 90),
    "threads": (4, 4, 4),
    "switches_per_s": (0, 0, 0),
    "preemptions_per_s": (0, 0, 0),
    "throughput_rps": (10, 20, 30),
}


def worker(pid: int = 1, **columns: object) -> Worker:
    line = WorkerTimeline(**(QUIET | columns))  # type: ignore[arg-type]
    return Worker(pid=pid, requests=60, cpu_s=0.5, rss_peak_bytes=90, tokens=40, pool=10, timeline=line)


def bins(*p99: float | None) -> tuple[TimelineBin, ...]:
    return tuple(
        TimelineBin(
            t_s=place / 2,
            throughput_rps=1000.0,
            errors=0,
            p50_ms=None if p99 is None else p99 / 2,
            p99_ms=p99,
        )
        for place, p99 in enumerate(p99)
    )


def measured(
    *workers: Worker,
    scenario: str = "noop-async",
    connections: tuple[int | None, ...] = (),
    p99: tuple[float | None, ...] = (5.0, 5.0, 5.0, 5.0),
    **more: object,
) -> Record:
    made = record(scenario=scenario, timeline=bins(*p99), **more)  # type: ignore[arg-type]
    slices = tuple(
        ResourceSlice(t_s=at, cpu_share=0.5, rss_bytes=1, threads=1, connections=opened)
        for at, opened in zip(TIMES, connections, strict=False)
    )
    return replace(made, resources=replace(made.resources, workers=workers, timeline=slices))


def server(*records: Record) -> Chart:
    return next(chart for chart in charts_of(run(*records)) if chart.name == "server")


def panel(*records: Record) -> LanePanel:
    (found,) = server(*records).panels
    assert isinstance(found, LanePanel)
    return found


def lane(record: Record, start: str) -> PlotLane:
    return next(lane for lane in panel(record).lanes if lane.name.startswith(start))


def names(record: Record) -> list[str]:
    return [lane.name for lane in panel(record).lanes]


def test_only_what_was_measured_and_is_not_zero_throughout_has_a_lane() -> None:
    bare = names(measured(worker()))
    assert bare == ["response, ms: p99, and p50 dashed", "CPU, % of a core"]
    silent = worker(loop_lag_ms=(0.0, 0.0, 0.0), tokens_busy=(0, 0, 0), gc_pause_ms=(None, None, None))
    assert names(measured(silent)) == bare


def test_everything_that_moved_has_a_lane_from_the_cpu_down() -> None:
    busy = worker(
        run_wait_share=(0.1, 0, 0),
        switches_per_s=(9, 0, 0),
        loop_lag_ms=(1, 2, 3),
        gc_pause_ms=(0, 1, 0),
        tokens_busy=(40, 40, 40),
        tokens_waiting=(0, 1, 0),
        pool_busy=(1, 0, 0),
        pool_waiting=(1, 0, 0),
        rss_bytes=(90, 95, 100),
        threads=(4, 4, 44),
    )
    assert names(measured(busy, connections=(8, 8, 16)))[1:] == [
        "CPU, % of a core",
        "threads ready without a CPU, s a second",
        "event loop late by, ms",
        "longest garbage collection, ms",
        "threads of the pool in use, of 40",
        "calls waiting for a thread",
        "database connections out, of 10",
        "requests waiting for a connection",
        "open connections",
        "context switches a second",
        "memory, MB",
        "threads",
    ]


def test_what_is_always_there_has_a_lane_only_when_it_moves() -> None:
    assert "open connections" not in names(measured(worker(), connections=(100, 100, 105)))
    assert "open connections" in names(measured(worker(), connections=(100, 100, 106)))
    assert "open connections" in names(measured(worker(), connections=(100, None, 106)))
    assert "open connections" not in names(measured(worker(), connections=(None, None, None)))


def test_a_figure_stands_in_the_middle_of_its_slice_and_a_gap_stays_a_gap() -> None:
    one = measured(worker(loop_lag_ms=(3.0, None, 7.0)))
    assert lane(one, "event loop").lines[0].points == ((0.25, 3.0), (0.75, None), (1.5, 7.0))
    assert lane(one, "CPU").lines[0].points == ((0.25, 50.0), (0.75, 25.0), (1.5, 100.0))


def test_the_latency_on_top_is_p99_and_dashed_p50_in_the_middle_of_each_bin() -> None:
    found = lane(measured(worker(), p99=(5.0, None, 9.0)), "response")
    p99, p50 = found.lines
    assert (p99.dashed, p99.points) == (False, ((0.25, 5.0), (0.75, None), (1.25, 9.0)))
    assert (p50.dashed, p50.points) == (True, ((0.25, 2.5), (0.75, None), (1.25, 4.5)))


def test_several_workers_have_a_line_each_and_a_legend() -> None:
    found = panel(measured(worker(1), worker(2, cpu_share=(0.1, 0.1, 0.1))))
    requests = next(lane for lane in found.lanes if lane.name.startswith("requests of each worker"))
    assert [line.label for line in requests.lines] == ["worker 1", "worker 2"]
    assert len({line.colour for line in requests.lines}) == 2
    assert [line.label for line in found.legend] == ["worker 1", "worker 2"]
    assert panel(measured(worker())).legend == ()


def test_stretches_whose_p99_is_twice_the_usual_are_shaded_in_all_lanes() -> None:
    one = measured(worker(), p99=(5.0, 10.0, 5.0, 5.0, 9.9))
    assert panel(one).spikes == ((0.5, 1.0),)
    figure = drawing.whole(server(one))
    assert [len(axes.patches) for axes in figure.axes] == [1, 1]
    assert {axes.get_xlim() for axes in figure.axes} == {(0.0, 3.0)}


def test_a_bin_whose_p50_alone_is_high_is_no_spike() -> None:
    flat = tuple(
        TimelineBin(t_s=place / 2, throughput_rps=1000.0, errors=0, p50_ms=p50, p99_ms=5.0)
        for place, p50 in enumerate((1.0, 4.9, 1.0, 1.0))
    )
    one = measured(worker())
    assert panel(replace(one, summary=replace(one.summary, timeline=flat))).spikes == ()


def test_the_worst_cell_of_each_cause_comes_first_then_the_least_steady() -> None:
    def blocked(lag: float) -> Worker:
        return worker(loop_lag_ms=(lag, lag, lag))

    dip = (
        TimelineBin(t_s=0.0, throughput_rps=1000.0, errors=0, p50_ms=1.0, p99_ms=2.0),
        TimelineBin(t_s=0.5, throughput_rps=10.0, errors=0, p50_ms=1.0, p99_ms=2.0),
        TimelineBin(t_s=1.0, throughput_rps=1000.0, errors=0, p50_ms=1.0, p99_ms=2.0),
    )
    shaky = measured(worker(), scenario="shaky")
    shaky = replace(shaky, summary=replace(shaky.summary, timeline=dip))
    found = server(
        measured(worker(), scenario="calm"),
        measured(blocked(200.0), scenario="late"),
        measured(blocked(900.0), scenario="latest"),
        shaky,
    ).panels
    assert [one.title for one in found] == [
        f"uvicorn · {name}" for name in ("latest", "shaky", "calm", "late")
    ]


def test_the_least_steady_repeat_is_the_one_that_is_shown() -> None:
    dip = measured(worker(), repeat=1)
    dip = replace(
        dip,
        summary=replace(
            dip.summary,
            timeline=(
                *bins(5.0, 5.0),
                TimelineBin(t_s=1.0, throughput_rps=1.0, errors=0, p50_ms=2.0, p99_ms=4.0),
                *bins(5.0),
            ),
        ),
    )
    assert panel(measured(worker()), dip).where == "native, 32 users, repeat 2"


def test_a_limit_is_drawn_across_its_lane() -> None:
    figure = drawing.whole(server(measured(worker(tokens_busy=(3, 5, 4)))))
    tokens = figure.axes[-1]
    assert [ys(line) for line in tokens.lines] == [[3, 5, 4], [40, 40]]
    assert tokens.get_ylim()[1] > 40


def test_records_of_before_the_timeline_have_no_such_chart() -> None:
    assert [
        chart.name for chart in charts_of(run(record(timeline=bins(5.0, 6.0)))) if chart.name == "server"
    ] == []


@pytest.mark.parametrize("name", ["time", "server"])
def test_stages_stand_where_they_begin_with_their_level(name: str) -> None:
    stages = tuple(
        StageSummary(
            t_s=at,
            duration_s=1.0,
            level=level,
            requests=100,
            errors=0,
            throughput_rps=100.0,
            response_ms=Latency(),
        )
        for at, level in ((0.0, 8.0), (1.0, 32.5))
    )
    one = measured(worker())
    one = replace(one, summary=replace(one.summary, stages=stages))
    chart = next(chart for chart in charts_of(run(one)) if chart.name == name)
    assert chart.panels[0].steps == (LoadStep(0.0, 8.0), LoadStep(1.0, 32.5))  # type: ignore[union-attr]
    axes = drawing.whole(chart).axes[0]
    assert [1.0, 1.0] in [xs(line) for line in axes.lines]
    if name == "time":
        assert [text.get_text().strip() for text in axes.texts] == ["8", "32.5"]
