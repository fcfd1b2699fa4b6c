from __future__ import annotations

from dataclasses import replace

from bench.model.record import FleetGenerator
from bench.results.fleet_table import fleet_table
from tests.bench.builders import record, results

NEAR = FleetGenerator(
    name="load-1 #1",
    users=1200,
    requests=45_678,
    errors=3,
    p99_ms=12.34,
    cpu_share=0.876,
    lag_ms=1.5,
    round_trip_ms=0.21,
    ahead_ms=-0.04,
)
GONE = FleetGenerator(name="load-2 #2", users=3, requests=10, errors=0, is_lost=True)


def test_generators_have_a_line_each_and_records_of_one_test_share_them() -> None:
    fleet = (NEAR, GONE)
    table = fleet_table(results(replace(record("a"), fleet=fleet), replace(record("b"), fleet=fleet)))
    assert [row.entries for row in table.rows] == [
        ("load-1 #1", "1,200", "45,678", "3", "12.3", "88", "1.50", "0.21", "+0.0"),
        ("load-2 #2 (lost)", "3", "10", "0", "–", "–", "–", "–", "–"),
    ]
    assert [row.invalid for row in table.rows] == [False, True]
    assert all(len(row.entries) == len(table.columns) for row in table.rows)


def test_a_load_of_one_generator_has_no_line() -> None:
    table = fleet_table(results(record("a")))
    assert (table.rows, table.notes) == ((), ())
