"""A report as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from bench.model.record import Caveat, Record, Run
from bench.report.charts.panels import Chart
from bench.report.page import Page, flat, missing
from bench.results.findings.finding import Finding
from bench.results.tables import caveats_of
from bench.stats.table import Column, Row, Table

_LONG = 16
_SHORT = {
    "throughput": "Throughput",
    "twins": "Async and sync",
    "victims": "Victims",
    "latency": "Latency",
    "cpu": "CPU",
    "memory": "Memory",
    "time": "Over time",
    "server": "Server",
    "workers": "Workers",
    "capacity": "Latency and load",
    "scaling": "Scaling",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with its panels drawn, each as an `svg` element."""

    chart: Chart
    drawings: tuple[str, ...]


def render(page: Page, pictures: Sequence[Picture], style: str) -> str:
    """The whole page, with its style sheet inside."""
    drawn = frozenset(picture.chart.name for picture in pictures)
    header = [_header(page), _links(page, pictures)]
    main = [
        _findings(page, drawn),
        *_chapter(page, pictures),
        _tables(page),
        *(_picture(picture, page.names) for picture in _own(page, pictures)),
        _profiles(page.run),
        _caveats(page),
        _failures(page.run),
        _machine(page),
    ]
    return document(page.run.name, style, header, main)


def document(title: str, style: str, header: Sequence[str], main: Sequence[str]) -> str:
    """A page of its own, from its parts; the title is plain text."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{_text(title)}: FastAPI benchmark</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            *header,
            "<main>",
            *main,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _text(words: str) -> str:
    return escape(words, quote=True)


def _header(page: Page) -> str:
    facts = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(said)}</dd></div>" for name, said in page.facts)
    return (
        f'<header>\n<h1><span class="kind">FastAPI benchmark</span> {_text(page.run.name)}</h1>\n'
        f'<dl class="title">{facts}</dl>\n</header>'
    )


def _links(page: Page, pictures: Sequence[Picture]) -> str:
    places = (
        {"findings": "Findings"} | ({"study": "The study"} if page.chapter else {}) | {"summary": "Summary"}
    )
    places |= {f"chart-{picture.chart.name}": _SHORT[picture.chart.name] for picture in _own(page, pictures)}
    places |= {"profiles": "Profiles"} if any(record.profile for record in page.run.records) else {}
    places |= {"caveats": "Caveats"} if page.names else {}
    places |= {"failures": "Failures"} if page.run.failures else {}
    places["machine"] = "Machine"
    items = "".join(f'<li><a href="#{place}">{name}</a></li>' for place, name in places.items())
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>'


# --- the study -----------------------------------------------------------------------------------


def _chapter(page: Page, pictures: Sequence[Picture]) -> Iterable[str]:
    """The study, where there is one: its words, its tables and its pictures."""
    if page.chapter is None:
        return
    words = "".join(f"<p>{_text(said)}</p>" for said in page.chapter.text)
    yield f'<section id="study"><h2>{_text(page.chapter.title)}</h2>\n{words}</section>'
    yield from (_detail(table, page.names, most=len(table.rows)) for table in page.chapter.tables)
    yield from (_detail(table, page.names) for table in page.chapter.details)
    own = _own(page, pictures)
    yield from (_picture(picture, page.names) for picture in pictures if picture not in own)


def _own(page: Page, pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures of the report itself, not of its chapter."""
    others = page.chapter.charts if page.chapter else ()
    return [picture for picture in pictures if picture.chart not in others]


# --- findings ------------------------------------------------------------------------------------


def _findings(page: Page, drawn: frozenset[str]) -> str:
    if not page.findings:
        return '<section id="findings"><h2>Findings</h2><p>The figures bear out no finding.</p></section>'
    items = "\n".join(_finding(finding, page.names, drawn) for finding in page.findings)
    return f'<section id="findings"><h2>Findings</h2>\n<ol class="findings">\n{items}\n</ol></section>'


def _finding(finding: Finding, names: Mapping[str, str], drawn: frozenset[str]) -> str:
    figures = "".join(f"<li>{_text(figure)}</li>" for figure in finding.figures)
    link = f'<a href="#chart-{_text(finding.chart)}">See the chart</a>' if finding.chart in drawn else ""
    doubts = _codes(dict.fromkeys(caveat.code for caveat in finding.caveats), names)
    doubted = f'<span class="doubts">Caveats: {doubts}</span>' if doubts else ""
    return (
        f"<li><h3>{_text(finding.title)}</h3>\n<p>{_text(finding.text)}</p>\n"
        f'<ul class="figures">{figures}</ul>\n<p class="foot">{link} {doubted}</p></li>'
    )


def _codes(codes: Iterable[str], names: Mapping[str, str]) -> str:
    """Caveat codes as links to where they are explained, each with the mark that the charts use."""
    return " ".join(
        f'<a class="caveat" href="#caveat-{_text(names[code])}">{_text(code)}<sup>{_text(names[code])}</sup></a>'
        for code in codes
    )


# --- tables --------------------------------------------------------------------------------------


def _tables(page: Page) -> str:
    table = _table(page.summary, page.names)
    summary = f'<section id="summary"><h2>{_text(page.summary.title)}</h2>\n{table}</section>'
    return "\n".join([summary, *(_detail(table, page.names) for table in page.details)])


def _detail(table: Table, names: Mapping[str, str], most: int = _LONG) -> str:
    """A further table, folded when it is longer than that."""
    folded = " open" if len(table.rows) <= most else ""
    return (
        f"<section><details{folded}><summary><h2>{_text(table.title)}</h2> "
        f"<span>{len(table.rows)} rows</span></summary>\n{_table(table, names)}</details></section>"
    )


def _table(table: Table, names: Mapping[str, str]) -> str:
    if not table.rows:
        return "<p>Nothing was measured.</p>"
    doubted = any(row.codes or row.invalid for row in table.rows)
    wide = any(column.prose for column in table.columns)
    columns = (
        (*table.columns, Column("caveats", align="left", kind="prose" if wide else "words"))
        if doubted
        else table.columns
    )
    head = "".join(_heading(column) for column in columns)
    bodies = "\n".join(
        _section(section, rows, columns, names, doubted=doubted) for section, rows in table.sections
    )
    notes = "".join(f"<p>{_text(note)}</p>" for note in table.notes)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{_text(table.title)}">'
        f"<table><thead><tr>{head}</tr></thead>\n{bodies}</table></div>\n"
        f'<div class="notes">{notes}</div>'
    )


def _heading(column: Column) -> str:
    unit = f' <span class="unit">{_text(column.unit)}</span>' if column.unit else ""
    return f'<th scope="col" class="{_kind(column)}">{_text(column.name)}{unit}</th>'


def _kind(column: Column) -> str:
    return f"{column.align} prose" if column.prose else column.align


def _section(
    name: str, rows: Iterable[Row], columns: Sequence[Column], names: Mapping[str, str], *, doubted: bool
) -> str:
    head = (
        f'<tr class="section"><th scope="rowgroup" colspan="{len(columns)}"><span>{_text(name)}</span></th></tr>'
        if name
        else ""
    )
    body = "\n".join(_row(row, columns, names, doubted=doubted) for row in rows)
    return f"<tbody>{head}\n{body}\n</tbody>"


def _row(row: Row, columns: Sequence[Column], names: Mapping[str, str], *, doubted: bool) -> str:
    cells = []
    first = next((place for place, column in enumerate(columns) if column.align == "left"), 0)
    for place, (entry, column) in enumerate(zip(row.entries, columns, strict=False)):
        tag, scope = ("th", ' scope="row"') if place == first else ("td", "")
        cells.append(f'<{tag}{scope} class="{_kind(column)}">{_text(entry)}</{tag}>')
    if doubted:
        invalid = '<strong class="invalid">invalid</strong> ' if row.invalid else ""
        cells.append(f'<td class="{_kind(columns[-1])}">{invalid}{_codes(row.codes, names)}</td>')
    kind = ' class="invalid"' if row.invalid else ""
    return f"<tr{kind}>{''.join(cells)}</tr>"


# --- charts --------------------------------------------------------------------------------------


def _picture(picture: Picture, names: Mapping[str, str]) -> str:
    chart = picture.chart
    panels = "\n".join(f'<div class="panel">{drawing}</div>' for drawing in picture.drawings)
    kind = "panels pairs" if len(chart.panels) == 2 * chart.abreast else "panels"
    said = [f"Marked in brackets: {_codes(chart.codes, names)}."] if chart.codes else []
    said += ["Hatched, hollow or dotted: invalid, never ranked."] if chart.invalid else []
    key = f'<p class="notes">{" ".join(said)}</p>' if said else ""
    return (
        f'<section id="chart-{_text(chart.name)}"><figure><figcaption><h2>{_text(chart.title)}</h2>\n'
        f'<p>{_text(chart.reading)}</p></figcaption>\n<div class="{kind}">\n{panels}\n</div>\n{key}</figure></section>'
    )


# --- doubts, failures, facts ---------------------------------------------------------------------


def _profiles(run: Run) -> str:
    """Links to the flame graphs, which lie beside the page."""
    found = [(record.cell.label, record.profile) for record in run.records if record.profile]
    if not found:
        return ""
    items = "".join(f'<li><a href="{_text(quote(path))}">{_text(label)}</a></li>' for label, path in found)
    return (
        '<section id="profiles"><h2>Profiles</h2>\n<p>Where one worker spent its time in the measured part of the '
        "first repeat: flame graphs by py-spy, to be opened on their own. The wider a frame, the longer it ran.</p>\n"
        f"<ul>{items}</ul></section>"
    )


def _caveats(page: Page) -> str:
    found = caveats_of(page.run.records)
    if not found:
        return ""
    by_code: dict[str, list[tuple[Caveat, tuple[Record, ...]]]] = {}
    for caveat, records in found:
        by_code.setdefault(caveat.code, []).append((caveat, records))
    parts = "\n".join(_caveat(code, said, page) for code, said in by_code.items())
    return (
        '<section id="caveats"><h2>Caveats</h2>\n<p>Reasons to doubt a figure, and where they apply.</p>\n'
        f"{parts}</section>"
    )


def _caveat(code: str, said: Sequence[tuple[Caveat, tuple[Record, ...]]], page: Page) -> str:
    mark = _text(page.names[code])
    records = {id(record): record for _, found in said for record in found}
    invalid = sum(not record.valid for record in records.values())
    count = f"{len(records)} record{'' if len(records) == 1 else 's'}, {invalid} of them invalid"
    items = "".join(
        f"<li>{_text(caveat.text)} <span>{_text(_where(found, page.run))}</span></li>"
        for caveat, found in said
    )
    folded = " open" if len(said) <= 3 else ""
    return (
        f'<details id="caveat-{mark}"{folded}><summary><strong>{_text(code)}</strong>'
        f"<sup>{mark}</sup> <span>{count}</span></summary>\n<ul>{items}</ul></details>"
    )


def _where(records: Sequence[Record], run: Run) -> str:
    """Those that a caveat is about: all of them by a word."""
    return "every record" if len(records) == len(run.records) > 1 else "; ".join(map(_record_name, records))


def _record_name(record: Record) -> str:
    return f"{record.cell.label}, repeat {record.cell.repeat + 1}{'' if record.valid else ' (invalid)'}"


def _failures(run: Run) -> str:
    if not run.failures:
        return ""
    items = "\n".join(
        f"<li><strong>{_text(failure.setup)}</strong>, {_text(missing(failure, run))}, "
        f"repeat {failure.repeat + 1}<pre>{_text(failure.error)}</pre></li>"
        for failure in run.failures
    )
    return (
        '<section id="failures"><h2>Failures</h2>\n<p>What could not be measured, and why.</p>\n'
        f'<ul class="failures">{items}</ul></section>'
    )


def _machine(page: Page) -> str:
    """The facts of the run: the machine and the versions at sight, the plan folded."""
    facts = {name: value for name, value in page.run.facts.source.items() if name != "plan"}
    plan = page.run.facts.source.get("plan")
    folded = (
        f"<details><summary>Plan</summary>{_facts(plan)}</details>"
        if isinstance(plan, Mapping) and plan
        else ""
    )
    return f'<section id="machine"><h2>Machine and versions</h2>\n{_facts(facts)}\n{folded}</section>'


def _facts(facts: Mapping[str, object]) -> str:
    items = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(said)}</dd></div>" for name, said in flat(facts))
    return f'<dl class="facts">{items}</dl>' if items else "<p>Nothing is known of the machine.</p>"
