"""The files of a judgement, as somebody finds them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from PIL import Image

from bench.gates.output.documents import write
from bench.gates.output.judgement import Format, render
from bench.model.change import Change, Judgement
from bench.report.charts.palette import LIGHT

COMPARED = Judgement("t", (Change("a", "cpu", "regressed", ratio=1.1, low=1.05, high=1.15, margin=0.02),))
ALONE = Judgement("t", (Change("a", "cpu", None, head=3.0),))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("form", ["json", "junit"])
def test_a_file_holds_the_format_asked_for_and_nothing_lies_beside(tmp_path: Path, form: Format) -> None:
    write(COMPARED, form, tmp_path / "new" / "it", "words")
    assert names(tmp_path / "new") == {"it"}
    assert (tmp_path / "new" / "it").read_text() == render(COMPARED, form)


def test_a_text_file_holds_the_words_that_are_shown(tmp_path: Path) -> None:
    write(COMPARED, "text", tmp_path / "it.txt", "words\n")
    assert (tmp_path / "it.txt").read_text() == "words\n"


def test_a_folder_gets_all_formats_and_the_drawn_forest(tmp_path: Path) -> None:
    write(COMPARED, "text", tmp_path, "words")
    assert names(tmp_path) == {f"verdict.{kind}" for kind in ("txt", "md", "json", "xml", "svg", "png")}
    assert json.loads((tmp_path / "verdict.json").read_text())["verdict"] == "regressed"
    assert Xml.parse(tmp_path / "verdict.xml").getroot().get("failures") == "1"


def test_markdown_shows_pictures_that_are_there(tmp_path: Path) -> None:
    write(COMPARED, "markdown", tmp_path / "comment.md", "words")
    linked = re.findall(r"\((\S+)\)", (tmp_path / "comment.md").read_text())
    assert linked == ["comment.svg", "comment.png"]
    with Image.open(tmp_path / "comment.png") as picture:
        assert picture.format == "PNG"


def test_small_marks_keep_their_colours_in_a_png(tmp_path: Path) -> None:
    rows = [Change("a", "cpu", "no change", ratio=1.0, margin=0.02)] * 20
    odd = Change("b", "cpu", "inconclusive", ratio=1.03, low=0.99, high=1.06, margin=0.02)
    write(Judgement("t", (*rows, odd, *COMPARED.changes)), "markdown", tmp_path / "comment.md", "words")
    with Image.open(tmp_path / "comment.png") as picture:
        pixels = [
            colour
            for _, colour in picture.convert("RGB").getcolors(1 << 20) or []
            if isinstance(colour, tuple)
        ]
    for name in ("misuse", "sync", "other"):
        wanted = [int(LIGHT[name][at : at + 2], 16) for at in (1, 3, 5)]
        nearest = min(max(abs(a - b) for a, b in zip(wanted, pixel, strict=True)) for pixel in pixels)
        assert nearest <= 3, name


def test_where_nothing_was_compared_there_is_no_picture(tmp_path: Path) -> None:
    write(ALONE, "markdown", tmp_path / "comment.md", "words")
    assert names(tmp_path) == {"comment.md"}
    assert "](" not in (tmp_path / "comment.md").read_text()


def test_the_drawing_stands_alone_and_follows_light_and_dark(tmp_path: Path) -> None:
    write(COMPARED, "markdown", tmp_path / "comment.md", "words")
    source = (tmp_path / "comment.svg").read_text()
    drawing = Xml.fromstring(source)
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert "(prefers-color-scheme: dark)" in source
    styles = " ".join(re.findall(r'style="([^"]*)"', source))
    assert not [colour for colour in (*LIGHT.values(), "#ffffff") if colour in styles]
    used = set(re.findall(r"var\((--[\w-]+)\)", source))
    assert used
    assert used <= set(re.findall(r"(--[\w-]+):", source))
