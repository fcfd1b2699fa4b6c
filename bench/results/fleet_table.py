"""The generators that made a load together, as a table."""

from __future__ import annotations

from bench.model.record import FleetGenerator
from bench.results.results import Results
from bench.stats.format import NOTHING, share, three_digits
from bench.stats.table import Column, Row, Table, label


def fleet_table(results: Results) -> Table:
    """A line for each generator of a test with several; records of one test have the same ones."""
    columns = (
        label("generator"),
        Column("users"),
        Column("requests"),
        Column("failures"),
        Column("p99", "ms"),
        Column("CPU", "% of a core"),
        Column("loop lag", "ms"),
        Column("round trip", "ms"),
        Column("clock ahead", "ms"),
    )
    fleets = dict.fromkeys(record.fleet for cell in results.cells for record in cell.records)
    rows = tuple(_row(one) for fleet in fleets for one in fleet)
    notes = (
        "Loop lag: how late a generator's event loop ran at the worst. Round trip: to its leader and back.",
    )
    return Table("Generators", columns, rows, notes if rows else ())


def _row(one: FleetGenerator) -> Row:
    entries = (
        f"{one.name} (lost)" if one.is_lost else one.name,
        f"{one.users:,}",
        f"{one.requests:,}",
        f"{one.errors:,}",
        _shown(one.p99_ms),
        share(one.cpu_share),
        _shown(one.lag_ms),
        _shown(one.round_trip_ms),
        NOTHING if one.ahead_ms is None else f"{round(one.ahead_ms, 1) + 0.0:+,.1f}",
    )
    return Row(entries, invalid=one.is_lost)


def _shown(value_ms: float | None) -> str:
    return NOTHING if value_ms is None else three_digits(value_ms)
