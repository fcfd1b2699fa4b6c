"""Answers in pieces by the names of their requests: the time to the first byte, and between the pieces."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench.model.record import Latency, RequestSummary
from bench.results.cells import CellResults
from bench.results.endpoints import EndpointResults, all_endpoints, of_request
from bench.results.results import Results
from bench.stats.format import NOTHING, three_digits
from bench.stats.metrics import Metric
from bench.stats.table import Column, Row, Table, label

_Times = Callable[[RequestSummary], Latency | None]
_FIRST_BYTE, _GAP = ("p50", "p99"), ("p50", "p99", "max")


def streams(cell: CellResults) -> tuple[EndpointResults, ...]:
    """The names whose answers came in pieces, and whose end was not known ahead: streams and server-sent events."""
    return tuple(one for one in all_endpoints(cell) if one.gaps)


def stream_metrics(name: str) -> tuple[Metric, ...]:
    """Percentiles of the time to the first byte, and of the gaps between pieces, of the requests of a name."""
    first = (_metric(name, "first byte", field, lambda one: one.first_byte_ms) for field in _FIRST_BYTE)
    between = (_metric(name, "gap", field, lambda one: one.gap_ms) for field in _GAP)
    return (*first, *between)


def stream_table(results: Results) -> Table:
    """A row for each request name of every cell whose answers were streams."""
    columns = (
        label("request"),
        Column("first byte p50", "ms"),
        Column("first byte p99", "ms"),
        Column("gap p50", "ms"),
        Column("gap p99", "ms"),
        Column("gap max", "ms"),
        Column("pieces per answer"),
    )
    rows = tuple(_row(one) for cell in results.cells for one in streams(cell))
    notes = (
        "First byte: from the intended start to the first bytes of the answer, its head included. Gap: between two "
        "arrivals of data of one answer; the head, and the end of a body in chunks, arrive on their own where the "
        "server sends them so. Figures are medians of the rounds.",
    )
    return Table("Streams", columns, rows, notes if rows else ())


def _metric(name: str, kind: str, field: str, times: _Times) -> Metric:
    return Metric(
        name=f"{kind} {field}",
        unit="ms",
        of=partial(of_request, name, partial(_figure, times, field)),
        better="lower",
        write=three_digits,
    )


def _figure(times: _Times, field: str, one: RequestSummary) -> float | None:
    found = times(one)
    figure: float | None = None if found is None else getattr(found, field)
    return figure


def _row(one: EndpointResults) -> Row:
    cell = one.cell
    figures = [metric.show(one.estimate(metric)) for metric in stream_metrics(one.name)]
    pieces = three_digits(1 + one.gaps / one.requests) if one.requests else NOTHING
    place = f"{cell.setup}, {cell.scenario}: {cell.where}"
    return Row((one.name, *figures, pieces), place, cell.caveats, not cell.valid)
