"""A run as a report: an HTML page that needs nothing else, Markdown, charts as PNG files, and verdicts as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from bench.model.record import Run
from bench.report import html, markdown
from bench.report.charts import can_draw
from bench.report.charts.panels import Chart
from bench.report.contents import Contents
from bench.report.page import page
from bench.report.results_file import RESULTS_FILE, render_results
from bench.report.svg import inline

_UNDRAWN = "left out; `bench report` draws them where the extra charts is installed"


def write(run: Run, contents: Contents, folder: Path) -> Path:
    """Write report.html, report.md, results.json and charts/*.png into the folder; gives the path of report.html.

    Charts of an earlier report in the same folder are replaced. Where the extra `charts` is not installed, charts are
    left out and the page says so. Raises OSError where the folder cannot be written.
    """
    whole = page(run, contents)
    drawn = (*(contents.chapter.charts if contents.chapter else ()), *contents.charts)
    if not can_draw():
        whole, drawn = replace(whole, facts=(*whole.facts, ("charts", _UNDRAWN))), ()
    (folder / "charts").mkdir(parents=True, exist_ok=True)
    for old in (folder / "charts").glob("*.png"):
        old.unlink()
    pictures = [_draw(chart, folder / "charts", whole.names) for chart in drawn]
    (folder / "report.md").write_text(markdown.render(whole, drawn), encoding="utf-8")
    (folder / RESULTS_FILE).write_text(render_results(contents.verdicts), encoding="utf-8")
    path = folder / "report.html"
    style = style_sheet("colours.css") + "\n" + style_sheet("page.css")
    path.write_text(html.render(whole, pictures, style), encoding="utf-8")
    return path


def _draw(chart: Chart, folder: Path, names: Mapping[str, str]) -> html.Picture:
    """Draw a chart as a PNG in a folder, and its panels for the page; `names` gives the mark of each caveat code."""
    from bench.report.charts import drawing

    drawing.png(chart, folder / f"{chart.name}.png", names)
    drawings = [
        inline(drawing.svg(panel, names), f"{chart.name}-{place}", f"{chart.title}: {panel.title}")
        for place, panel in enumerate(chart.panels)
    ]
    return html.Picture(chart, tuple(map(Markup, drawings)))


def style_sheet(name: str, room: str = "bench.report") -> str:
    """A style sheet that lies in a package of ours."""
    return files(room).joinpath(name).read_text(encoding="utf-8")
