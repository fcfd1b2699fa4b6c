"""Bars and dots: what each chart of them shows, as data."""

from __future__ import annotations

import pytest

from bench.model.plan import ClosedLoad
from bench.model.record import Caveat
from bench.report.bars import twin_bars
from bench.report.charts.panels import StripPanel
from bench.results.cells import gather
from bench.stats.estimate import Estimate
from tests.bench.builders import OPEN, record, repeats
from tests.bench.report.charted import charts, strips


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
