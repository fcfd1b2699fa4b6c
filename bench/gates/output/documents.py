"""A judgement as files: one format, or all of them, and the forest drawn next to Markdown."""

from __future__ import annotations

from pathlib import Path

from bench.gates.output.judgement import Format, markdown, render
from bench.gates.output.whiskers import chart
from bench.model.change import Judgement
from bench.report import style_sheet
from bench.report.charts import can_draw
from bench.report.svg import svg_file

_NAMES: dict[Format, str] = {
    "text": "verdict.txt",
    "markdown": "verdict.md",
    "json": "verdict.json",
    "junit": "verdict.xml",
}


def write(judgement: Judgement, form: Format, out: Path, text: str) -> None:
    """Write one format into a file, or all formats into an existing folder; `text` is the text format.

    Next to Markdown lies the forest as SVG and PNG, under the same name. Raises OSError.
    """
    if out.is_dir():
        for each, name in _NAMES.items():
            _write(judgement, each, out / name, text)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(judgement, form, out, text)


def _write(judgement: Judgement, form: Format, path: Path, text: str) -> None:
    if form == "markdown":
        text = markdown(judgement, path.stem if _draw(judgement, path) else None)
    elif form != "text":
        text = render(judgement, form)
    path.write_text(text, encoding="utf-8")


def _draw(judgement: Judgement, document: Path) -> bool:
    """Draw the forest next to a document; False where there is nothing to draw, or nothing to draw with."""
    forest = chart(judgement)
    if forest is None or not can_draw():
        return False
    from bench.report.charts import drawing

    svg = svg_file(drawing.document(forest), style_sheet("colours.css"), forest.title)
    document.with_name(f"{document.stem}.svg").write_text(svg, encoding="utf-8")
    drawing.png(forest, document.with_name(f"{document.stem}.png"), {})
    return True
