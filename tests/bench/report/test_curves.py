"""Latency against percentile, as data."""

from __future__ import annotations

from bench.report.charts.panels import CurvePanel
from tests.bench.builders import record
from tests.bench.report.charted import charts

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
