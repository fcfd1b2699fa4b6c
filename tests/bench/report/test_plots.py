"""What each chart shows, as data."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bench.model.plan import ClosedLoad
from bench.model.record import Caveat, Record, Slice
from bench.report import plots
from bench.report.bars import twin_bars
from bench.report.charts.panels import Chart, CurvePanel, StripPanel, TimePanel
from bench.results.cells import gather
from bench.stats.estimate import Estimate
from tests.bench.builders import OPEN, charts_of, realistic, record, repeats, run


def charts(*records: Sequence[Record]) -> dict[str, Chart]:
    return {chart.name: chart for chart in charts_of(run(*[one for some in records for one in some]))}


def strips(chart: Chart) -> dict[str, list[str]]:
    """The labels of the strips by panel."""
    return {
        panel.title: [strip.label for strip in panel.strips]
        for panel in chart.panels
        if isinstance(panel, StripPanel)
    }


def bins(*rates: float, width_s: float = 0.1) -> tuple[Slice, ...]:
    return tuple(
        Slice(t_s=place * width_s, throughput_rps=rate, errors=0, p50_ms=2.0, p99_ms=5.0)
        for place, rate in enumerate(rates)
    )


def times(*records: Record) -> list[TimePanel]:
    chart = charts(records).get("time")
    return [panel for panel in chart.panels if isinstance(panel, TimePanel)] if chart else []


def test_a_run_of_everything_has_every_chart() -> None:
    assert [chart.name for chart in charts_of(realistic())] == [
        "throughput",
        "twins",
        "victims",
        "latency",
        "cpu",
        "memory",
        "time",
        "workers",
    ]


def test_a_chart_with_nothing_to_show_is_left_out() -> None:
    assert charts() == {}
    assert list(charts(repeats("a", "noop-async", 1, 2, rss=0, cpu_us=None))) == ["throughput"]


# --- bars ----------------------------------------------------------------------------------------


def test_setups_stand_the_best_first_and_the_invalid_last() -> None:
    chart = charts(
        repeats("slow", "noop-async", 10, 12),
        repeats("fast", "noop-async", 30, 31),
        repeats("wrong", "noop-async", 90, 91, valid=False, caveats=(Caveat("errors", ""),)),
    )["throughput"]
    (panel,) = chart.panels
    assert isinstance(panel, StripPanel)
    assert [(strip.label, strip.invalid) for strip in panel.strips] == [
        ("fast", False),
        ("slow", False),
        ("wrong", True),
    ]
    assert panel.strips[1].estimate == Estimate(11.0, 10.0, 12.0, 2)
    assert panel.strips[1].text == "11.0 (10.0–12.0)"
    assert (chart.codes, chart.invalid) == (("errors",), True)


def test_cpu_time_stands_the_lowest_first() -> None:
    chart = charts(
        repeats("a", "noop-async", 1, 2, cpu_us=90.0), repeats("b", "noop-async", 1, 2, cpu_us=50.0)
    )["cpu"]
    assert strips(chart) == {"noop-async · native, 32 users": ["b", "a"]}


def test_throughput_has_a_panel_for_each_contest_and_leaves_the_twins_to_their_own() -> None:
    made = charts(
        repeats("a", "noop-async", 1, 2),
        repeats("b", "noop-async", 1, 3),
        repeats("a", "io-async", 1, 2),
        repeats("a", "io-sync", 1, 2),
        repeats("a", "items-crud", 1, 2),
        repeats("a", "noop-async", 1, 2, load=OPEN),
    )
    assert strips(made["throughput"]) == {
        "noop-async · native, 32 users": ["b", "a"],
        "a · native, 32 users": ["items-crud"],
    }
    assert strips(made["twins"]) == {"io": ["io-async", "io-sync"]}
    assert made["twins"].reading.endswith("Measured on a (native, 32 users).")


def test_ways_to_write_an_endpoint_have_their_colours() -> None:
    chart = charts(*[repeats("a", f"io-{way}", 1, 2) for way in ("async", "sync", "misuse", "offload")])[
        "twins"
    ]
    (panel,) = chart.panels
    assert isinstance(panel, StripPanel)
    assert [strip.colour for strip in panel.strips] == ["async", "sync", "offload", "misuse"]


def test_memory_is_the_peak_over_all_scenarios_of_each_repeat_without_the_invalid_ones() -> None:
    chart = charts(
        [record("a", rss=50_000_000), record("a", "io-async", rss=80_000_000)],
        [record("a", "io-sync", rss=999_000_000, valid=False)],
        [record("b", rss=60_000_000)],
    )["memory"]
    (panel,) = chart.panels
    assert isinstance(panel, StripPanel)
    assert [(strip.label, strip.estimate) for strip in panel.strips] == [
        ("b", Estimate(60.0, 60.0, 60.0, 1)),
        ("a", Estimate(80.0, 80.0, 80.0, 1)),
    ]


# --- victims and workers -------------------------------------------------------------------------


def test_the_victims_of_misuse_stand_beside_those_of_the_others() -> None:
    chart = charts(
        repeats("a", "io-misuse", 90, 91, victim_p99=330.0),
        repeats("a", "io-async", 900, 910, victim_p99=2.0),
        repeats("a", "noop-async", 1, 2),
    )["victims"]
    (panel,) = chart.panels
    assert isinstance(panel, StripPanel)
    assert [(strip.label, strip.text, strip.colour) for strip in panel.strips] == [
        ("io-async", "2.00 (2.00–2.00)", "async"),
        ("io-misuse", "330 (330–330)", "misuse"),
    ]
    assert (panel.kind, panel.log) == ("dots", True)


def test_victims_of_one_scenario_on_several_setups_share_a_panel_and_all_panels_an_axis() -> None:
    chart = charts(
        repeats("a", "db-async", 90, 91, victim_p99=40.0),
        repeats("b", "db-async", 90, 91, victim_p99=20.0),
        repeats("a", "io-misuse", 9, 9, victim_p99=900.0),
    )["victims"]
    panels = [panel for panel in chart.panels if isinstance(panel, StripPanel)]
    assert [[strip.label for strip in panel.strips] for panel in panels] == [
        ["b", "a"],
        ["db-async", "io-misuse"],
    ]
    assert [(panel.span, panel.kind, panel.log) for panel in panels] == [((20.0, 900.0), "dots", True)] * 2


def test_a_victim_whose_time_grew_is_drawn_as_a_floor() -> None:
    grown = (Caveat("victim-grows", ""),)
    chart = charts(repeats("a", "io-misuse", 90, 91, victim_p99=1820.0, caveats=grown))["victims"]
    (panel,) = chart.panels
    assert isinstance(panel, StripPanel)
    assert panel.strips[0].text.startswith("≥ 1,820")
    assert "≥" in chart.reading


def test_of_many_victims_those_beside_misuse_are_drawn_first() -> None:
    """Twelve panels are drawn; fourteen scenarios on two setups each must not crowd out the one that tells most."""
    crowd = [
        repeats(setup, f"some{number:02}-async", 90, 91, victim_p99=20.0)
        for number in range(14)
        for setup in ("a", "b")
    ]
    ways = [repeats("a", f"io-{way}", 9, 9, victim_p99=900.0) for way in ("async", "misuse", "offload")]
    chart = charts(*crowd, *ways)["victims"]
    assert len(chart.panels) == 12
    assert {"io-async", "io-misuse", "io-offload"} <= set(next(iter(strips(chart).values())))


def test_twins_are_drawn_at_the_load_of_which_the_findings_speak() -> None:
    several = [
        repeats("a", name, 9, 10, load=ClosedLoad(users, 3.0))
        for users in (1, 128, 32)
        for name in ("io-async", "io-sync")
    ]
    assert charts(*several)["twins"].reading.endswith("Measured on a (native, 128 users).")


def test_each_worker_of_each_repeat_is_a_dot_beside_an_even_share() -> None:
    chart = charts(
        [record("u2", workers=(60, 40)), record("u2", repeat=1, workers=(30, 70)), record("u1", workers=(9,))]
    )
    (panel,) = chart["workers"].panels
    assert isinstance(panel, StripPanel)
    assert (panel.title, panel.reference) == ("u2", 50.0)
    assert panel.strips[0].points == pytest.approx((40, 60, 30, 70))
    assert panel.strips[0].text == "30 to 70 %"


# --- curves --------------------------------------------------------------------------------------

CURVES = (
    ((0.0, 1.0), (50.0, 2.0), (99.0, 9.0)),
    ((0.0, 3.0), (50.0, 4.0), (99.0, 5.0)),
    ((0.0, 2.0), (50.0, 9.0)),
)


def test_a_curve_is_the_median_of_the_repeats_as_far_as_all_of_them_go() -> None:
    records = [record("a", repeat=at, curve=curve) for at, curve in enumerate(CURVES)]
    (panel,) = charts(records)["latency"].panels
    assert isinstance(panel, CurvePanel)
    assert panel.curves[0].points == ((0.0, 2.0), (50.0, 4.0))
    assert panel.curves[0].repeats == CURVES
    (two,) = charts(records[:2])["latency"].panels
    assert isinstance(two, CurvePanel)
    assert two.curves[0].label == "noop-async, p99 7.00 ms"


def test_the_hundredth_percentile_and_zero_have_no_place_on_logarithmic_axes() -> None:
    (panel,) = charts([record(curve=((0.0, 0.0), (50.0, 2.0), (100.0, 9.0)))])["latency"].panels
    assert isinstance(panel, CurvePanel)
    assert panel.curves[0].points == ((50.0, 2.0),)


def test_a_setup_keeps_its_colour_in_every_panel() -> None:
    curve = CURVES[0]
    made = charts(
        [record(setup, scenario, curve=curve) for setup in "abc" for scenario in ("noop-async", "io-async")],
        [record("c", "json-model", curve=curve), record("b", "json-model", curve=curve)],
    )["latency"]
    seen: dict[str, set[tuple[str, int]]] = {}
    for panel in made.panels:
        assert isinstance(panel, CurvePanel)
        for drawn in panel.curves:
            seen.setdefault(drawn.label, set()).add((drawn.colour, drawn.dash))
    assert all(len(styles) == 1 for styles in seen.values())
    assert len(set.union(*seen.values())) == 3


def test_curves_of_one_panel_are_told_apart_by_colour_or_dash() -> None:
    names = [f"setup-{number:02}" for number in range(20)]
    (panel,) = charts([record(name, curve=CURVES[0]) for name in names])["latency"].panels
    assert isinstance(panel, CurvePanel)
    assert len({(curve.colour, curve.dash) for curve in panel.curves}) == 20


# --- time ----------------------------------------------------------------------------------------


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


def test_the_twins_are_those_of_the_place_that_has_the_most() -> None:
    cells = gather(
        [
            *repeats("a", "io-async", 1),
            *repeats("a", "io-sync", 1),
            *repeats("b", "io-async", 1),
            *repeats("b", "io-sync", 1),
            *repeats("b", "io-misuse", 1),
        ]
    )
    assert strips(twin_bars(cells)) == {"io": ["io-async", "io-sync", "io-misuse"]}
    assert "Measured on b" in twin_bars(cells).reading
