"""What a chart knows of its parts."""

from __future__ import annotations

from bench.report.charts.panels import Chart, Panel, PlanePanel, Strip, StripPanel


def chart(*panels: Panel) -> Chart:
    return Chart(name="made-up", title="Made up", reading="", panels=panels)


def strips(*parts: Strip) -> StripPanel:
    return StripPanel(title="some", strips=parts, axis="req/s")


def test_a_chart_has_the_codes_of_all_its_parts_once_in_order() -> None:
    steal = Strip(label="a", text="", colour="ink", codes=("steal",))
    both = Strip(label="b", text="", colour="ink", codes=("steal", "errors"))
    assert chart(strips(steal), strips(both)).codes == ("errors", "steal")
    assert chart(strips(), PlanePanel(title="", across="", up="", traces=())).codes == ()


def test_a_chart_is_invalid_where_one_of_its_parts_is() -> None:
    good, bad = (Strip(label="a", text="", colour="ink", invalid=invalid) for invalid in (False, True))
    assert not chart(strips(good), strips(good)).invalid
    assert chart(strips(good), strips(good, bad)).invalid
