from __future__ import annotations

import re
from xml.etree import ElementTree

from bench.report.charts.palette import LIGHT, PAPER
from bench.report.svg import inline, svg_file

DOCUMENT = f"""<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="10pt" viewBox="0 0 10.5 20" xmlns="http://www.w3.org/2000/svg">
 <metadata><a href="http://example.org/"/></metadata>
 <title>a title</title>
 <!-- a note -->
 <defs><clipPath id="clip"/><path id="dot" d="M 1.23456 2.5" style="stroke: {LIGHT["ink"].upper()}"/></defs>
 <use xlink:href="#dot" style="fill: {LIGHT["async"]}; stroke: #123456" clip-path="url(#clip)" x="3.987654"/>
 <text style="fill: {LIGHT["quiet"]}">{LIGHT["async"]} 1.23456</text>
</svg>
"""


def draw() -> str:
    return inline(DOCUMENT, "chart-0", 'Throughput: "a" & <b>')


def test_a_drawing_is_one_element_named_for_those_who_cannot_see_it() -> None:
    element = ElementTree.fromstring(draw())
    assert (element.tag, element.get("role"), element.get("viewBox")) == ("svg", "img", "0 0 10.5 20")
    assert element.get("aria-label") == 'Throughput: "a" & <b>'


def test_nothing_points_outside() -> None:
    assert re.findall(r"http|xmlns|xlink|metadata|<title|<!--|DOCTYPE", draw()) == []


def test_ids_and_what_refers_to_them_have_the_prefix() -> None:
    assert re.findall(r'id="([^"]*)"', draw()) == ["chart-0-clip", "chart-0-dot"]
    assert 'href="#chart-0-dot"' in draw()
    assert 'clip-path="url(#chart-0-clip)"' in draw()


def test_colours_are_those_of_the_page_where_they_have_a_meaning() -> None:
    assert 'style="stroke: var(--ink)"' in draw()
    assert 'style="fill: var(--async); stroke: #123456"' in draw()
    assert f">{LIGHT['async']} 1.23456</text>" in draw(), "words stay as they are"


def test_coordinates_have_two_decimals() -> None:
    assert 'd="M 1.23 2.5"' in draw()
    assert 'x="3.98"' in draw()


def test_a_file_has_its_own_name_space_colours_and_greatest_width() -> None:
    text = svg_file(DOCUMENT, ":root { --ink: #000 }", '<i>"a"</i>')
    element = ElementTree.fromstring(text)
    assert element.tag == "{http://www.w3.org/2000/svg}svg"
    assert (element.get("width"), element.get("height")) == ("10.5pt", "20pt")
    assert element.get("aria-label") == '<i>"a"</i>'
    assert element.findtext("{http://www.w3.org/2000/svg}style") == "\n:root { --ink: #000 }"


def test_a_hollow_mark_is_filled_with_the_colour_of_the_page() -> None:
    drawing = inline(DOCUMENT.replace("#123456", PAPER), "chart-0", "x")
    assert 'style="fill: var(--async); stroke: var(--paper)"' in drawing
