"""A report as one HTML page without scripts that loads nothing from the network.

The markup is in the templates; this module computes what they show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from bench.model.record import Record
from bench.report.chapter import Chapter
from bench.report.charts.panels import Chart
from bench.report.identity import service_lines, without_services
from bench.report.page import Page, flat, missing
from bench.results.errors import error_kinds, log_ends
from bench.results.tables import caveats_of
from bench.stats.table import Column, Row, Table

if TYPE_CHECKING:
    from jinja2 import Environment

_LONG = 16
"""A further table with more rows is folded."""
_FEW = 3
"""A caveat with more texts is folded."""
_FIRST = ("setups",)
"""Charts that stand before all tables."""
_LINKS = {
    "setups": "Setups",
    "throughput": "Throughput",
    "twins": "Async and sync",
    "victims": "Victims",
    "latency": "Latency",
    "cpu": "CPU",
    "memory": "Memory",
    "time": "Over time",
    "drift": "Drift",
    "server": "Server",
    "workers": "Workers",
    "capacity": "Latency and load",
    "scaling": "Scaling",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with its panels drawn, each as an `svg` element."""

    chart: Chart
    drawings: tuple[Markup, ...]

    @property
    def link(self) -> str:
        """The chart's name in the contents of the page."""
        return _LINKS[self.chart.name]

    @property
    def paired(self) -> bool:
        """Whether the chart has two rows of panels."""
        return len(self.chart.panels) == 2 * self.chart.abreast


def render(page: Page, pictures: Sequence[Picture], style: str) -> str:
    """The whole page, with its style sheet inside."""
    return render_template("report.html.jinja", _contents(page, pictures) | {"style": Markup(style)})


def render_template(name: str, contents: Mapping[str, object], package: str = "bench.report") -> str:
    """Fill a template of a package; it can extend and import those of `bench.report`.

    Every text is escaped unless it is `Markup`. Raises jinja2.UndefinedError where `contents` lacks a name.
    """
    return _environment(package).get_template(name).render(contents)


@cache
def _environment(package: str) -> Environment:
    # Imported here: it takes a tenth of the time of importing bench.report, which text reports need as well.
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("bench.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _contents(page: Page, pictures: Sequence[Picture]) -> dict[str, object]:
    """The names that the template uses; nothing else here reads a `Page`."""
    run, chapter = page.run, page.chapter
    known = without_services(run.facts.source)
    plan = known.pop("plan", None)
    own = [picture for picture in pictures if chapter is None or picture.chart not in chapter.charts]
    return {
        "title": run.name,
        "facts": page.facts,
        "marks": page.names,
        "charts": {picture.chart.name for picture in pictures},
        "findings": page.findings,
        "chapter": chapter,
        "chapter_tables": list(_chapter_tables(chapter)) if chapter else [],
        "chapter_pictures": [picture for picture in pictures if picture not in own],
        "summary": _grid(page.summary),
        "details": [_grid(table, most=_LONG) for table in page.details],
        "first_pictures": [picture for picture in own if picture.chart.name in _FIRST],
        "pictures": [picture for picture in own if picture.chart.name not in _FIRST],
        "profiles": [(one.cell.label, quote(one.profile)) for one in run.records if one.profile],
        "errors": error_kinds(run.records),
        "logs": log_ends(run.records),
        "caveats": list(_caveats(run.records)),
        "failures": [(failure, missing(failure, run)) for failure in run.failures],
        "machine": [*service_lines(run.facts), *flat(known)],
        "plan": list(flat(plan if isinstance(plan, Mapping) else {})),
    }


def _chapter_tables(chapter: Chapter) -> Iterator[_Grid]:
    yield from map(_grid, chapter.tables)
    yield from (_grid(table, most=_LONG) for table in chapter.details)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """A table and its last column, of caveats, where a row is `doubted`.

    The entries of the column numbered `label` name their rows. `folded` hides the rows until the reader asks.
    """

    title: str
    columns: tuple[Column, ...]
    label: int
    sections: tuple[tuple[str, tuple[Row, ...]], ...]
    notes: tuple[str, ...]
    count: int
    doubted: bool
    folded: bool


def _grid(table: Table, most: int | None = None) -> _Grid:
    """The table; folded when it has more than `most` rows."""
    doubted = any(row.codes or row.invalid for row in table.rows)
    wide = any(column.prose for column in table.columns)
    doubts = (Column("caveats", align="left", kind="prose" if wide else "words"),) if doubted else ()
    columns = (*table.columns, *doubts)
    return _Grid(
        title=table.title,
        columns=columns,
        label=next((place for place, column in enumerate(columns) if column.align == "left"), 0),
        sections=table.sections,
        notes=table.notes,
        count=len(table.rows),
        doubted=doubted,
        folded=most is not None and len(table.rows) > most,
    )


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A caveat's code, the number of its records in words, and each text with the records that carry it."""

    code: str
    count: str
    texts: tuple[tuple[str, str], ...]
    folded: bool


def _caveats(records: Sequence[Record]) -> Iterator[_Doubt]:
    """The caveats of the records by code."""
    for code, group in groupby(caveats_of(records), key=lambda pair: pair[0].code):
        pairs = list(group)
        carriers = {id(record): record for _, some in pairs for record in some}.values()
        invalid = sum(not record.valid for record in carriers)
        count = f"{len(carriers)} record{'' if len(carriers) == 1 else 's'}, {invalid} of them invalid"
        texts = tuple((caveat.text, _names(some, len(records))) for caveat, some in pairs)
        yield _Doubt(code, count, texts, folded=len(texts) > _FEW)


def _names(records: Sequence[Record], total: int) -> str:
    """The records of a caveat by name, or `every record`."""
    return "every record" if len(records) == total > 1 else "; ".join(map(_name, records))


def _name(record: Record) -> str:
    return f"{record.cell.label}, repeat {record.cell.repeat + 1}{'' if record.valid else ' (invalid)'}"
