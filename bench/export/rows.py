"""Comma-separated values after RFC 4180: a header with the units, then one row a record, valid or not."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields

from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.record import Latency, Record
from bench.results.results import Results

_TIMES = tuple(field.name for field in fields(Latency))


def write(results: Results) -> str:
    """The records, cell by cell; an entry is empty where nothing was measured."""
    records = [record for cell in results.cells for record in cell.records]
    out = io.StringIO(newline="")
    writer = csv.writer(out)  # its own dialect is RFC 4180's: CRLF, and quotes doubled
    writer.writerow(_COLUMNS)
    writer.writerows([write_entry(of(record)) for of in _COLUMNS.values()] for record in records)
    return out.getvalue()


def write_entry(value: object) -> object:
    """A value as it stands in a row."""
    return str(value).lower() if isinstance(value, bool) else value


def _closed(name: str) -> Callable[[Record], object]:
    return lambda record: (
        getattr(record.cell.load, name) if isinstance(record.cell.load, ClosedLoad) else None
    )


def _open(name: str) -> Callable[[Record], object]:
    return lambda record: getattr(record.cell.load, name) if isinstance(record.cell.load, OpenLoad) else None


def _times(kind: str) -> Mapping[str, Callable[[Record], object]]:
    return {f"{kind}_{name}_ms": _time(f"{kind}_ms", name) for name in _TIMES}


def _time(kind: str, name: str) -> Callable[[Record], object]:
    return lambda record: getattr(getattr(record.summary, kind), name, None)


def _join(words: Iterable[str]) -> str:
    return "; ".join(words)


CELL_COLUMNS: Mapping[str, Callable[[Record], object]] = {
    "run": lambda record: record.run,
    "started_at": lambda record: record.started_at,
    "setup": lambda record: record.cell.setup,
    "scenario": lambda record: record.cell.scenario,
    "engine": lambda record: record.cell.engine,
    "load": lambda record: record.cell.load.kind,
    "users": _closed("users"),
    "think_s": _closed("think_s"),
    "arrivals_per_s": _open("arrivals_per_s"),
    "arrivals": _open("arrivals"),
    "max_sessions": _open("max_sessions"),
    "shape": lambda record: record.cell.load.shape,
    "timeout_s": lambda record: record.cell.load.timeout_s,
    "warmup_s": lambda record: record.cell.load.warmup_s,
    "duration_s": lambda record: record.cell.load.duration_s,
    "repeat": lambda record: record.cell.repeat,
    "valid": lambda record: record.valid,
    "caveats": lambda record: _join(f"{caveat.code}: {caveat.text}" for caveat in record.caveats),
}
"""The subject of a record, and the way in which it was measured."""

_COLUMNS: Mapping[str, Callable[[Record], object]] = {
    **CELL_COLUMNS,
    "requests": lambda record: record.summary.requests,
    "errors": lambda record: record.summary.errors,
    "shed": lambda record: record.summary.shed,
    "throughput_rps": lambda record: record.summary.throughput_rps,
    **_times("response"),
    **_times("service"),
    **_times("lag"),
    **_times("time_weighted"),
    **_times("connect"),
    **_times("first_byte"),
    **_times("gap"),
    "cpu_us_per_request": lambda record: record.resources.cpu_us_per_request,
    "rss_peak_bytes": lambda record: record.resources.rss_peak_bytes,
    "steal_share": lambda record: record.resources.steal_share,
    "generator_cpu_share": lambda record: record.generator.cpu_share,
}
