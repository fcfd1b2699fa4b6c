"""A report as Markdown: the findings, the tables, and links to the charts' PNG files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from bench.model.record import Record, Run
from bench.report.charts.panels import Chart
from bench.report.identity import service_lines, without_services
from bench.report.page import Page, flat, missing
from bench.results.errors import error_kinds, log_ends
from bench.results.findings.finding import Finding
from bench.results.tables import caveats_of
from bench.stats.table import Column, Row, Table


def render(page: Page, charts: Sequence[Chart]) -> str:
    """The whole document."""
    own = [chart for chart in charts if page.chapter is None or chart not in page.chapter.charts]
    blocks = [
        f"# {plain(page.run.name)}",
        "\n".join(f"- {name}: {plain(said)}" for name, said in page.facts),
        "## Findings",
        *(_finding(place, finding) for place, finding in enumerate(page.findings, start=1)),
        *(() if page.findings else ("The figures bear out no finding.",)),
        *_chapter(page),
        render_table(page.summary),
        *map(render_table, page.details),
        *(("## Charts",) if own else ()),
        *map(_chart, own),
        *_profiles(page.run.records),
        *_errors(page.run.records),
        *_caveats(page),
        *_failures(page.run),
        "## Machine",
        "\n".join(f"- {plain(name)}: {plain(said)}" for name, said in _known(page.run)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _known(run: Run) -> Iterable[tuple[str, str]]:
    yield from service_lines(run.facts)
    yield from flat(without_services(run.facts.source))


def plain(words: str) -> str:
    """Words that Markdown takes as they are: on one line, its own signs escaped."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(words.split()))


def render_table(table: Table) -> str:
    """One table under its heading, with its notes."""
    return "\n\n".join([f"## {plain(table.title)}", grid(table), *map(plain, table.notes)])


def grid(table: Table) -> str:
    """A table's columns and rows alone."""
    if not table.rows:
        return "Nothing was measured."
    marked = any(row.codes or row.invalid for row in table.rows)
    columns = (*table.columns, Column("caveats", align="left")) if marked else table.columns
    head = [f"{column.name} ({column.unit})" if column.unit else column.name for column in columns]
    lines = [
        _line(map(plain, head)),
        _line("---:" if column.align == "right" else "---" for column in columns),
    ]
    for section, rows in table.sections:
        if section:
            lines.append(_line([f"**{plain(section)}**", *[""] * (len(columns) - 1)]))
        lines += [_line(_entries(row, columns, marked)) for row in rows]
    return "\n".join(lines)


def _entries(row: Row, columns: Sequence[Column], marked: bool) -> Iterable[str]:
    entries = [*row.entries, _doubts(row)] if marked else row.entries
    for entry, column in zip(entries, columns, strict=True):
        yield f"`{entry}`" if column.drawn and entry else plain(entry)


def _line(entries: Iterable[str]) -> str:
    return f"| {' | '.join(entries)} |"


def _doubts(row: Row) -> str:
    return ", ".join([*(["invalid"] if row.invalid else []), *row.codes])


def _finding(place: int, finding: Finding) -> str:
    doubts = ", ".join(dict.fromkeys(caveat.code for caveat in finding.caveats))
    lines = [f"{place}. **{plain(finding.title)}.** {plain(finding.text)}"]
    lines += [f"   - {plain(figure)}" for figure in finding.figures]
    lines += [f"   - caveats: {plain(doubts)}"] if doubts else []
    return "\n".join(lines)


def _chapter(page: Page) -> Iterable[str]:
    if page.chapter is not None:
        yield f"## {plain(page.chapter.title)}"
        yield from map(plain, page.chapter.text)
        yield from map(render_table, (*page.chapter.tables, *page.chapter.details))
        yield from map(_chart, page.chapter.charts)


def _chart(chart: Chart) -> str:
    title = plain(chart.title)
    return f"### {title}\n\n{plain(chart.reading)}\n\n![{title}](charts/{chart.name}.png)"


def _profiles(records: Iterable[Record]) -> Iterable[str]:
    found = [record for record in records if record.profile]
    if found:
        yield "## Profiles"
        yield "\n".join(f"- [{plain(record.cell.label)}]({quote(record.profile or '')})" for record in found)


def _errors(records: Sequence[Record]) -> Iterable[str]:
    kinds = error_kinds(records)
    if not kinds:
        return
    yield "## Errors"
    for error in kinds:
        yield f"### {plain(error.title)}"
        for one in error.examples:
            yield f"{plain(one.failed.request)} in {plain(one.where)}:"
            yield fenced("\n\n".join(part for part in (one.failed.sent, one.answer) if part))
        if error.more:
            yield f"{error.more} more in records.jsonl."
    for log in log_ends(records):
        yield f"The end of the log of {plain(log.setup)}, round {log.repeat + 1}:"
        yield fenced(log.text)


def fenced(text: str) -> str:
    """Text as a block of code, whatever backticks it holds."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _caveats(page: Page) -> Iterable[str]:
    found = caveats_of(page.run.records)
    if found:
        yield "## Caveats"
        yield "\n".join(
            f"- **{plain(caveat.code)}** {plain(caveat.text)} ({plain(_where(records, page.run))})"
            for caveat, records in found
        )


def _where(records: Sequence[Record], run: Run) -> str:
    if len(records) == len(run.records) > 1:
        return "every record"
    return "; ".join(dict.fromkeys(record.cell.label for record in records))


def _failures(run: Run) -> Iterable[str]:
    if run.failures:
        yield "## Failures"
        yield "\n".join(
            f"- {plain(failure.setup)}, {plain(missing(failure, run))}, repeat {failure.repeat + 1}: "
            f"{plain(failure.error)}"
            for failure in run.failures
        )
