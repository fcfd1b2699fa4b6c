"""OpenMetrics text: one sample a record, with the time at which it was measured.

Published at https://prometheus.io/docs/specs/om/open_metrics_spec/. As the samples bear their own time, `promtool tsdb
create-blocks-from openmetrics` takes them into a Prometheus long after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from bench.export.cells import valid
from bench.model.record import Latency, Record, RequestSummary
from bench.results.cells import CellResults
from bench.results.endpoints import endpoints
from bench.results.results import Results
from bench.results.streams import streams

_QUANTILES = {"0.5": "p50", "0.9": "p90", "0.95": "p95", "0.99": "p99", "0.999": "p999"}


Of = TypeVar("Of", Record, RequestSummary)


@dataclass(frozen=True, slots=True)
class _Gauge(Generic[Of]):
    """A figure of a record, or of the requests of a name; where it has a unit, the name ends with it."""

    name: str
    unit: str
    about: str
    of: Callable[[Of], float | None]


@dataclass(frozen=True, slots=True)
class _Times:
    """A distribution of a record, of how many requests, and more labels."""

    cell: CellResults
    record: Record
    times: Latency
    count: int
    labels: dict[str, str]


_GAUGES: tuple[_Gauge[Record], ...] = (
    _Gauge(
        "bench_throughput_requests_per_second",
        "requests_per_second",
        "Good answers in the measured part.",
        lambda record: record.summary.throughput_rps,
    ),
    _Gauge(
        "bench_requests", "", "Requests due in the measured part.", lambda record: record.summary.requests
    ),
    _Gauge("bench_errors", "", "Those among them that failed.", lambda record: record.summary.errors),
    _Gauge("bench_shed_sessions", "", "Sessions that never started.", lambda record: record.summary.shed),
    _Gauge(
        "bench_server_cpu_per_request_seconds",
        "seconds",
        "CPU time of the server's processes for a request.",
        lambda record: _divide(record.resources.cpu_us_per_request, 1e6),
    ),
    _Gauge(
        "bench_server_memory_peak_bytes",
        "bytes",
        "Largest resident memory of the server's processes.",
        lambda record: record.resources.rss_peak_bytes or None,
    ),
    _Gauge(
        "bench_generator_cpu_ratio",
        "ratio",
        "How busy the load generator was; 1 is all it could use.",
        lambda record: record.generator.cpu_share,
    ),
)

_GAUGES_BY_NAME: tuple[_Gauge[RequestSummary], ...] = (
    _Gauge(
        "bench_request_throughput_requests_per_second",
        "requests_per_second",
        "Good answers to the requests of a name.",
        lambda one: one.throughput_rps,
    ),
    _Gauge("bench_request_requests", "", "Requests of a name.", lambda one: one.requests),
)


def write(results: Results) -> str:
    """Summaries of response and service times, and gauges for the rest."""
    cells = valid(results)
    lines = [
        *_summary(
            "bench_response_seconds", "Time from the intended start to the answer.", _times(cells, _response)
        ),
        *_summary(
            "bench_service_seconds", "Time from the actual start to the answer.", _times(cells, _service)
        ),
    ]
    for gauge in _GAUGES:
        lines += _head(gauge.name, "gauge", gauge.unit, gauge.about)
        lines += [
            _sample(gauge.name, cell, record, {}, value)
            for cell in cells
            for record in cell.records
            if (value := gauge.of(record)) is not None
        ]
    return "\n".join([*lines, *_by_name(cells), *_streams(cells), "# EOF"]) + "\n"


def _response(record: Record) -> Latency:
    return record.summary.response_ms


def _service(record: Record) -> Latency:
    return record.summary.service_ms


def _times(cells: Iterable[CellResults], of: Callable[[Record], Latency]) -> Iterator[_Times]:
    for cell in cells:
        for record in cell.records:
            yield _Times(cell, record, of(record), record.summary.requests, {})


def _summary(family: str, about: str, found: Iterable[_Times]) -> Iterator[str]:
    yield from _head(family, "summary", "seconds", about)
    for one in found:
        cell, record, more = one.cell, one.record, one.labels
        for quantile, field in _QUANTILES.items():
            if (seconds := _divide(getattr(one.times, field), 1e3)) is not None:
                yield _sample(family, cell, record, {**more, "quantile": quantile}, seconds)
        if (mean := _divide(one.times.mean, 1e3)) is not None:
            yield _sample(f"{family}_count", cell, record, more, one.count)
            yield _sample(f"{family}_sum", cell, record, more, mean * one.count)


def _by_name(cells: Iterable[CellResults]) -> Iterator[str]:
    """The requests by name in cells that have several; nothing where there is none."""
    found = [
        (cell, record, name, one)
        for cell in cells
        if endpoints(cell)
        for record in cell.records
        for name, one in record.summary.by_request.items()
    ]
    if not found:
        return
    times = [
        _Times(cell, record, one.response_ms, one.requests, {"request": name})
        for cell, record, name, one in found
    ]
    yield from _summary("bench_request_response_seconds", "Response time of the requests of a name.", times)
    for gauge in _GAUGES_BY_NAME:
        yield from _head(gauge.name, "gauge", gauge.unit, gauge.about)
        for cell, record, name, one in found:
            if (value := gauge.of(one)) is not None:
                yield _sample(gauge.name, cell, record, {"request": name}, value)
    yield from _head("bench_request_errors", "gauge", "", "Requests of a name that failed, by kind.")
    for cell, record, name, one in found:
        for kind, count in one.errors_by_kind.items():
            yield _sample("bench_request_errors", cell, record, {"request": name, "kind": kind}, count)


def _streams(cells: Iterable[CellResults]) -> Iterator[str]:
    """First bytes and gaps of the names whose answers are streams; nothing where there is none."""
    found = [
        (cell, record, name, one)
        for cell in cells
        for name in (one.name for one in streams(cell))
        for record in cell.records
        if (one := record.summary.by_request.get(name)) is not None
    ]
    if not found:
        return
    first = [
        _Times(cell, record, one.first_byte_ms, one.requests, {"request": name})
        for cell, record, name, one in found
        if one.first_byte_ms is not None
    ]
    between = [
        _Times(cell, record, one.gap_ms, one.gaps, {"request": name})
        for cell, record, name, one in found
        if one.gap_ms is not None
    ]
    yield from _summary(
        "bench_request_first_byte_seconds", "Time from the intended start to the first byte.", first
    )
    yield from _summary("bench_request_gap_seconds", "Time between two pieces of a stream.", between)


def _head(family: str, kind: str, unit: str, about: str) -> Iterator[str]:
    yield f"# TYPE {family} {kind}"
    if unit:
        yield f"# UNIT {family} {unit}"
    yield f"# HELP {family} {about}"


def _sample(name: str, cell: CellResults, record: Record, more: dict[str, str], value: float) -> str:
    labels = {
        "run": record.run,
        "setup": cell.setup,
        "scenario": cell.scenario,
        "engine": cell.engine,
        "load": cell.load_label,
        "repeat": str(record.cell.repeat),
        **more,
    }
    listed = ",".join(f'{label}="{_escape(said)}"' for label, said in labels.items())
    at = f" {datetime.fromisoformat(record.started_at).timestamp():.3f}" if record.started_at else ""
    return f"{name}{{{listed}}} {value!r}{at}"


def _escape(said: str) -> str:
    return said.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _divide(figure: float | None, units_in_one: float) -> float | None:
    return None if figure is None else figure / units_in_one
