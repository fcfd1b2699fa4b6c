"""A judgement as files: one format, or all of them, and the forest drawn beside Markdown."""

from __future__ import annotations

from pathlib import Path

from bench.gates.output.judgement import Format, markdown, render
from bench.gates.output.whiskers import chart
from bench.model.change import Judgement
from bench.report import style_sheet
from bench.report.svg import svg_file

_NAMES: dict[Format, str] = {
    "text": "verdict.txt",
    "markdown": "verdict.md",
    "json": "verdict.json",
    "junit": "verdict.xml",
}


def write(judgement: Judgement, form: Format, out: Path, text: str) -> None:
    """Write one format into a file, or all into a folder that is there; `text` is what the text says.

    Beside Markdown the forest lies as SVG and PNG, under the same name. Raises OSError.
    """
    if out.is_dir():
        for each, name in _NAMES.items():
            _write(judgement, each, out / name, text)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(judgement, form, out, text)


def _write(judgement: Judgement, form: Format, path: Path, text: str) -> None:
    if form == "text":
        said = text
    elif form == "markdown":
        said = markdown(judgement, path.stem if _draw(judgement, path) else None)
    else:
        said = render(judgement, form)
    path.write_text(said, encoding="utf-8")


def _draw(judgement: Judgement, beside: Path) -> bool:
    """Draw the forest beside a file; False where there is nothing to draw."""
    forest = chart(judgement)
    if forest is None:
        return False
    from bench.report.charts import drawing

    drawn = svg_file(drawing.document(forest), style_sheet("colours.css"), forest.title)
    beside.with_name(f"{beside.stem}.svg").write_text(drawn, encoding="utf-8")
    drawing.png(forest, beside.with_name(f"{beside.stem}.png"), {})
    return True
