from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.history.chart import difference, draw, figure, ticks
from bench.history.trends import Trend, trends
from tests.bench.history.entries import HERE, THERE, commit, entry, history

STEP = [1.0, 1.01, 0.99, 1.0, 1.01, 0.99] * 2 + [1.2, 1.21, 1.19, 1.2, 1.21, 1.19] * 2
COLOURS = {HERE.fingerprint: 0, THERE.fingerprint: 1}


def address(commit: str) -> str:
    return f"https://example.org/commit/{commit}"


def parse(trend: Trend) -> Xml.Element:
    return Xml.fromstring(draw(trend, COLOURS, address))


def find_all(svg: Xml.Element, tag: str, kind: str = "") -> list[Xml.Element]:
    return [one for one in svg.iter(tag) if kind in one.get("class", "").split() or not kind]


def only(*entries: object) -> Trend:
    (trend,) = trends(entries)  # type: ignore[arg-type]
    return trend


def test_a_dot_a_commit_says_what_it_is() -> None:
    titles = [one.findtext("title") for one in find_all(parse(only(*history([1.0, 1.5]))), "circle")]
    assert titles == [
        "0000000000 subject 0\n2026-11-01\n1 (0.99 to 1.01)",
        "0000000000 subject 1\n2026-11-02\n1.5 (1.49 to 1.51)",
    ]


def test_a_dot_names_its_caveats() -> None:
    (dot,) = find_all(parse(only(entry(0, caveats=("other-load", "steal")))), "circle")
    assert (dot.findtext("title") or "").endswith("\ncaveats: other-load, steal")


def test_higher_figures_stand_higher_and_later_commits_further_right() -> None:
    dots = find_all(parse(only(*history([1.0, 3.0, 2.0]))), "circle")
    xs, ys = ([float(dot.get(key, "")) for dot in dots] for key in ("cx", "cy"))
    assert xs == sorted(xs)
    assert ys[1] < ys[2] < ys[0]  # y runs downwards
    assert ys[2] == pytest.approx((ys[0] + ys[1]) / 2, abs=0.1)


def test_the_band_reaches_from_the_lowest_to_the_highest_repeat() -> None:
    svg = parse(only(*history([1.0, 1.0], around=0.5)))
    heights = [float(point.split(",")[1]) for point in find_all(svg, "polygon")[0].get("points", "").split()]
    middle = float(find_all(svg, "circle")[0].get("cy", ""))
    assert heights[:2] == [min(heights)] * 2
    assert heights[2:] == [max(heights)] * 2
    assert middle == pytest.approx((heights[0] + heights[2]) / 2, abs=0.1)


def test_machines_are_never_joined_by_a_line() -> None:
    svg = parse(only(*[entry(day, 1.0 + day % 2, machine=THERE if day % 2 else HERE) for day in range(6)]))
    lines = [one.get("points", "").split() for one in find_all(svg, "polyline")]
    assert [len(points) for points in lines] == [3, 3]
    assert [{point.split(",")[1] for point in points} for points in lines] == [
        {lines[0][0].split(",")[1]},
        {lines[1][0].split(",")[1]},
    ]
    assert [one.get("style") for one in find_all(svg, "g", "machine")] == [
        "--line: var(--setup-0)",
        "--line: var(--setup-1)",
    ]


def test_a_change_is_marked_at_its_commit_and_links_to_it() -> None:
    svg = parse(only(*history(STEP)))
    (mark,) = find_all(svg, "a", "mark")
    assert mark.get("href") == address(commit(12).hash)
    assert mark.get("class") == "mark worse"
    assert mark.findtext("text") == "▲ +20.0 %"
    line = mark.find("line")
    assert line is not None
    assert line.get("x1") == find_all(svg, "circle")[12].get("cx")


def test_a_change_for_the_better_says_so_and_needs_no_address() -> None:
    trend = only(*history(STEP, metric="throughput"))
    svg = Xml.fromstring(draw(trend, COLOURS, lambda commit: None))
    assert find_all(svg, "a") == []
    assert [mark.get("class") for mark in find_all(svg, "g", "mark")] == ["mark better"]


def test_a_commit_with_changes_on_top_is_a_hollow_dot() -> None:
    kinds = [one.get("class") for one in find_all(parse(only(entry(0), entry(1, dirty=True))), "circle")]
    assert kinds == ["dot", "dot hollow"]


def test_labels_of_changes_that_are_close_stand_below_each_other() -> None:
    jumpy = [1.0] * 6 + [1.5] * 6 + [2.0] * 6 + [1.0] * 60
    texts = [mark.find("text") for mark in find_all(parse(only(*history(jumpy))), "a", "mark")]
    places = [(float(text.get("x", "")), float(text.get("y", ""))) for text in texts if text is not None]
    assert len(places) == 3
    assert [(a, b) for a, b in pairwise(sorted(places)) if a[1] == b[1] and abs(a[0] - b[0]) < 62] == []


@pytest.mark.parametrize(
    "values", [[1.0], [1.0, 1.0], [0.0, 0.0]], ids=["one commit", "no movement", "nothing at all"]
)
def test_a_level_trend_is_drawn_inside_the_plot(values: list[float]) -> None:
    svg = parse(only(*history(values, around=0.0)))
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    for dot in find_all(svg, "circle"):
        assert 0 < float(dot.get("cx", "")) < width
        assert 0 < float(dot.get("cy", "")) < height


def test_words_of_a_commit_are_escaped() -> None:
    from dataclasses import replace

    bad = replace(entry(0), commit=replace(commit(0), subject="<script>&\"'"))
    assert "<script>" not in draw(only(bad), COLOURS, address)
    assert "<script>&\"'" in (find_all(parse(only(bad)), "circle")[0].findtext("title") or "")


def test_labels_of_the_axis_have_room() -> None:
    counted = only(*history([2_600_000.0, 2_601_000.0], around=100.0, anchor=None, metric="instructions"))
    for label in find_all(parse(counted), "text", "end")[:-1]:
        assert float(label.get("x", "")) >= 7 * len(label.text or "")


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
@settings(max_examples=50, derandomize=True)
def test_ticks_are_few_and_even_and_lie_between(low: float, width: float) -> None:
    found = ticks(low, low + width)
    assert 2 <= len(found) <= 6
    assert all(low - width * 1e-6 <= tick <= low + width * (1 + 1e-6) for tick, _ in found)
    assert [float(label.replace(",", "")) for _, label in found] == pytest.approx(
        [tick for tick, _ in found], abs=width * 1e-3
    )


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.6, 0.64, ["0.60", "0.61", "0.62", "0.63", "0.64"]),
        (399_900, 402_600, ["400,000", "401,000", "402,000"]),
        (11, 12.1, ["11.00", "11.25", "11.50", "11.75", "12.00"]),
    ],
)
def test_how_ticks_are_written(low: float, high: float, expected: list[str]) -> None:
    assert [label for _, label in ticks(low, high)] == expected


def test_how_figures_and_differences_are_written() -> None:
    ratio, count = only(entry(0)), only(entry(0, anchor=None))
    assert [figure(value, ratio) for value in (0.0431234, 1.31249, 14.2, 1460.2)] == [
        "0.04312",
        "1.312",
        "14.2",
        "1,460",
    ]
    assert figure(435_696.4, count) == "435,696"
    assert [difference(value) for value in (1.0512, 0.95, 1.0061, 2.5)] == [
        "+5.1 %",
        "-5.0 %",
        "+0.61 %",
        "+150.0 %",
    ]


def test_nothing_but_links_points_outside() -> None:
    text = draw(only(*history(STEP)), COLOURS, address)
    assert set(re.findall(r'https?://[^"]*', text)) == {address(commit(12).hash)}
