"""Cells by the names of their requests: how many, how fast, and how many failed of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bench.model.record import Record, RequestSummary
from bench.results.cells import CellResults
from bench.results.results import Results
from bench.stats.estimate import Estimate, estimate
from bench.stats.format import three_digits, whole
from bench.stats.metrics import Metric
from bench.stats.table import Column, Row, Table, label

_PERCENTILES = {"p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p99.9": "p999"}


@dataclass(frozen=True, slots=True)
class EndpointResults:
    """The requests of one name in a cell: its summary in each record, None where the record has none of them."""

    cell: CellResults
    name: str
    summaries: tuple[RequestSummary | None, ...]

    @property
    def requests(self) -> int:
        """In all rounds together."""
        return sum(one.requests for one in self.summaries if one)

    @property
    def errors(self) -> int:
        """In all rounds together."""
        return sum(one.errors for one in self.summaries if one)

    @property
    def gaps(self) -> int:
        """Those between pieces of answers, in all rounds together."""
        return sum(one.gaps for one in self.summaries if one)

    @property
    def errors_by_kind(self) -> Counter[str]:
        """In all rounds together; empty in records of before."""
        kinds: Counter[str] = Counter()
        for one in self.summaries:
            kinds.update(one.errors_by_kind if one else {})
        return kinds

    def estimate(self, metric: Metric) -> Estimate | None:
        """The estimate of a metric of this name over the rounds."""
        return estimate(metric.of(record) for record in self.cell.records)


def endpoints(cell: CellResults) -> tuple[EndpointResults, ...]:
    """The names of a cell that has several, in the order in which its sessions send them; none of a cell with one."""
    found = all_endpoints(cell)
    return found if len(found) > 1 else ()


def all_endpoints(cell: CellResults) -> tuple[EndpointResults, ...]:
    """The names of a cell, in the order in which its sessions send them."""
    names = dict.fromkeys(name for record in cell.records for name in record.summary.by_request)
    return tuple(
        EndpointResults(cell, name, tuple(record.summary.by_request.get(name) for record in cell.records))
        for name in names
    )


def throughput_of(name: str) -> Metric:
    """Right answers per second to the requests of a name."""
    return Metric(
        name="throughput",
        unit="req/s",
        of=partial(of_request, name, lambda one: one.throughput_rps),
        better="higher",
        write=whole,
    )


def time_of(name: str, percentile: str) -> Metric:
    """A percentile (`p50`, `p99.9`) of the response times of the requests of a name."""
    field = _PERCENTILES[percentile]
    return Metric(
        name=percentile,
        unit="ms",
        of=partial(of_request, name, lambda one: getattr(one.response_ms, field)),
        better="lower",
        write=three_digits,
    )


def endpoint_metrics(name: str) -> tuple[Metric, ...]:
    """Throughput and the percentiles of the requests of a name."""
    return (throughput_of(name), *(time_of(name, percentile) for percentile in _PERCENTILES))


def endpoint_table(results: Results) -> Table:
    """A row for each request name of every cell that has several."""
    columns = (
        label("request"),
        Column("requests"),
        Column("errors"),
        label("kinds"),
        Column("throughput", "req/s"),
        *(Column(percentile, "ms") for percentile in _PERCENTILES),
    )
    rows = tuple(_row(one) for cell in results.cells for one in endpoints(cell))
    notes = (
        "Requests and errors are those of all rounds together, the other figures medians of the rounds. Throughput "
        "counts right answers. p99.9 wants 10,000 requests of a name in a round.",
    )
    return Table("Requests by name", columns, rows, notes if rows else ())


def write_kinds(kinds: Counter[str]) -> str:
    """`12 status-500, 3 timeout`, the most frequent first."""
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())


def _row(one: EndpointResults) -> Row:
    cell = one.cell
    figures = [metric.show(one.estimate(metric)) for metric in endpoint_metrics(one.name)]
    entries = (one.name, f"{one.requests:,}", f"{one.errors:,}", write_kinds(one.errors_by_kind), *figures)
    return Row(entries, f"{cell.setup}, {cell.scenario}: {cell.where}", cell.caveats, not cell.valid)


def of_request(name: str, of: Callable[[RequestSummary], float | None], record: Record) -> float | None:
    """A figure of the requests of a name in a record; None where it has none of them."""
    found = record.summary.by_request.get(name)
    return None if found is None or not found.requests else of(found)


def names_in_common(sides: Sequence[CellResults]) -> Iterator[str]:
    """The names that all of several cells have, where each has several."""
    found: list[Iterable[str]] = [[one.name for one in endpoints(cell)] for cell in sides]
    yield from (name for name in found[0] if all(name in names for names in found[1:]))
