"""What each chart shows, as data."""

from __future__ import annotations

import pytest

from bench.model.record import Record, TimelineBin
from bench.report import plots
from bench.report.charts.panels import TimePanel
from tests.bench.builders import charts_of, realistic, record, repeats
from tests.bench.report.charted import charts
from tests.bench.results.rounds import in_slices


def bins(*rates: float, width_s: float = 0.1) -> tuple[TimelineBin, ...]:
    return tuple(
        TimelineBin(t_s=place * width_s, throughput_rps=rate, errors=0, p50_ms=2.0, p99_ms=5.0)
        for place, rate in enumerate(rates)
    )


def times(*records: Record) -> list[TimePanel]:
    chart = charts(records).get("time")
    return [panel for panel in chart.panels if isinstance(panel, TimePanel)] if chart else []


def test_a_run_of_everything_has_every_chart() -> None:
    assert [chart.name for chart in charts_of(realistic())] == [
        "setups",
        "throughput",
        "twins",
        "victims",
        "latency",
        "cpu",
        "memory",
        "time",
        "workers",
    ]


def test_only_a_run_with_slices_has_drift() -> None:
    sliced = [in_slices(record(repeat=at), [900.0, 1000.0]) for at in range(2)]
    assert "drift" in charts(sliced)
    assert "drift" not in charts([record(), record(repeat=1)])


def test_a_chart_with_nothing_to_show_is_left_out() -> None:
    assert charts() == {}
    assert list(charts(repeats("a", "noop-async", 1, 2, rss=0, cpu_us=None))) == ["throughput"]


@pytest.mark.parametrize(
    ("rates", "stalls"),
    [
        ((1000, 1000, 99, 1000), [2]),
        ((1000, 1000, 100, 1000), []),
        ((200, 200, 0, 200), [2]),
        ((199, 199, 0, 199), []),
        ((0, 0, 0, 0), []),
    ],
    ids=["less than a tenth", "a tenth", "20 answers a bin tell", "fewer may be chance", "nothing at all"],
)
def test_a_stall_is_a_bin_with_less_than_a_tenth_of_the_middle_one(
    rates: tuple[float, ...], stalls: list[int]
) -> None:
    (panel,) = times(record(timeline=bins(*rates)))
    assert [place for place, moment in enumerate(panel.repeats[0]) if moment.stalled] == stalls


def test_the_least_steady_cells_come_first() -> None:
    found = times(
        record("steady", timeline=bins(1000, 990, 1000)),
        record("worst", timeline=bins(1000, 100, 1000)),
        record("worse", timeline=bins(1000, 500, 1000)),
        record("slow", timeline=bins(50, 0, 50)),
    )
    assert [panel.title for panel in found] == [
        "worst · noop-async",
        "worse · noop-async",
        "steady · noop-async",
        "slow · noop-async",
    ]
    assert [panel.where for panel in found] == ["native, 32 users"] * 4


def test_a_chart_of_many_panels_is_cut_and_says_so() -> None:
    chart = charts([record(f"s{number}", timeline=bins(1000, 900)) for number in range(11)])["time"]
    assert len(chart.panels) == 9
    assert chart.reading.endswith("9 of 11 panels are drawn; the summary has a row for each.")
    wide = charts([record(setup, f"x{number}-crud") for number in range(14) for setup in "ab"])["throughput"]
    assert len(wide.panels) == plots.MOST_PANELS


def test_the_latency_over_time_is_p99() -> None:
    """Of bins whose p50 is 2 ms and p99 5 ms."""
    (panel,) = times(record(timeline=bins(1000, 900)))
    assert [(moment.throughput_rps, moment.p99_ms) for moment in panel.repeats[0]] == [
        (1000, 5.0),
        (900, 5.0),
    ]


def test_a_timeline_of_one_bin_is_not_drawn() -> None:
    assert times(record(timeline=bins(1000))) == []
