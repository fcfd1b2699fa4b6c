"""A table as plain text: aligned columns, no colour, fit for a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from bench.stats.table import Column, Row, Table, marks

_GAP = "  "
_WIDTH = 100


def render(table: Table) -> str:
    """The table with its title, the sections, a mark for each caveat, and what the marks mean; ends in a newline."""
    names = marks(code for row in table.rows for code in row.codes)
    marked = any(row.codes or row.invalid for row in table.rows)
    grid = [_line(row, names, marked) for row in table.rows]
    columns = (*table.columns, Column("caveats", align="left")) if marked else table.columns
    widths = [
        max(map(len, [column.name, column.unit, *(line[place] for line in grid)]))
        for place, column in enumerate(columns)
    ]
    lines = [table.title, ""]
    if grid:
        lines += _head(columns, widths)
        lines += _body(table, dict(zip(map(id, table.rows), grid, strict=True)), columns, widths)
    else:
        lines.append("Nothing was measured.")
    lines += _notes(table, names)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _line(row: Row, names: Mapping[str, str], marked: bool) -> tuple[str, ...]:
    mark = ("! " if row.invalid else "") + " ".join(names[code] for code in row.codes)
    return (*row.entries, mark) if marked else row.entries


def _head(columns: Sequence[Column], widths: Sequence[int]) -> list[str]:
    lines = [_join([column.name for column in columns], columns, widths)]
    if any(column.unit for column in columns):
        lines.append(_join([column.unit for column in columns], columns, widths))
    lines.append(_GAP.join("-" * width for width in widths))
    return lines


def _body(
    table: Table, lines: Mapping[int, Sequence[str]], columns: Sequence[Column], widths: Sequence[int]
) -> list[str]:
    body: list[str] = []
    for section, rows in table.sections:
        if section:
            body += ["", section] if body else [section]
        body += [_join(lines[id(row)], columns, widths) for row in rows]
    return body


def _join(entries: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    return _GAP.join(
        entry.rjust(width) if column.align == "right" else entry.ljust(width)
        for entry, column, width in zip(entries, columns, widths, strict=True)
    )


def _notes(table: Table, names: Mapping[str, str]) -> list[str]:
    said = [f"{mark} {code}" for code, mark in names.items()]
    if any(row.invalid for row in table.rows):
        said.insert(0, "! invalid, never ranked")
    notes = ([f"Caveats: {', '.join(said)}."] if said else []) + list(table.notes)
    wrapped = [
        line
        for note in notes
        for line in textwrap.wrap(note, _WIDTH, break_long_words=False, break_on_hyphens=False)
    ]
    return ["", *wrapped] if wrapped else []
