"""Comma-separated values after RFC 4180: a header with the units, then one row for each request name of a record."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import fields

from bench.export.rows import CELL_COLUMNS, write_entry
from bench.model.record import Latency, RequestSummary
from bench.results.results import Results

_TIMES = tuple(field.name for field in fields(Latency))


def write(results: Results) -> str:
    """The requests by name, cell by cell; an entry is empty where nothing was measured."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([*CELL_COLUMNS, "request", *_COLUMNS])
    for cell in results.cells:
        for record in cell.records:
            first = [write_entry(of(record)) for of in CELL_COLUMNS.values()]
            for name, one in record.summary.by_request.items():
                writer.writerow([*first, name, *(write_entry(of(one)) for of in _COLUMNS.values())])
    return out.getvalue()


def _times(kind: str) -> Mapping[str, Callable[[RequestSummary], object]]:
    return {f"{kind}_{name}_ms": _time(f"{kind}_ms", name) for name in _TIMES}


def _time(kind: str, name: str) -> Callable[[RequestSummary], object]:
    return lambda one: getattr(getattr(one, kind), name, None)


_COLUMNS: Mapping[str, Callable[[RequestSummary], object]] = {
    "requests": lambda one: one.requests,
    "errors": lambda one: one.errors,
    "errors_by_kind": lambda one: "; ".join(f"{kind}: {n}" for kind, n in one.errors_by_kind.items()),
    "throughput_rps": lambda one: one.throughput_rps,
    **_times("response"),
    **_times("first_byte"),
    "gaps": lambda one: one.gaps,
    **_times("gap"),
}
