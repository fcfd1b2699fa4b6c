"""Against RFC 4180, read by Python's csv module in its strict mode."""

from __future__ import annotations

import csv
import io

from bench.export import rows as record_rows
from bench.export.request_rows import write
from bench.results.results import Results, understand
from tests.bench.builders import realistic, recorded
from tests.bench.results.test_endpoints import named, part
from tests.bench.results.test_streams import streamed


def rows(some: Results) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(write(some), newline=""), strict=True))


def test_one_row_for_each_name_of_a_record() -> None:
    kinds = {"status-500": 2, "timeout": 1}
    found = rows(
        recorded(named(0, a=part(100, 10.0), b=part(50, 90.5, 25.5, kinds)), named(1, a=part(7, 1.0)))
    )
    assert [(one["repeat"], one["request"], one["requests"], one["errors"]) for one in found] == [
        ("0", "a", "100", "0"),
        ("0", "b", "50", "3"),
        ("1", "a", "7", "0"),
    ]
    second = found[1]
    assert (float(second["response_p99_ms"]), float(second["throughput_rps"])) == (90.5, 25.5)
    assert second["errors_by_kind"] == "status-500: 2; timeout: 1"
    assert (second["response_p999_ms"], second["setup"], second["valid"]) == ("", "uvicorn", "true")


def test_first_bytes_and_gaps_have_columns_that_are_empty_without_any() -> None:
    plain, stream = rows(recorded(named(0, a=part(9, 1.0), b=streamed(4, 5.0, 1.5, 8))))
    assert (plain["first_byte_p99_ms"], plain["gap_p50_ms"], plain["gaps"]) == ("", "", "0")
    assert (stream["first_byte_p99_ms"], stream["gap_p50_ms"], stream["gaps"]) == ("10.0", "1.5", "8")


def test_rows_can_be_joined_with_those_of_records() -> None:
    some = understand(realistic())
    keys = ("run", "setup", "scenario", "engine", "users", "arrivals_per_s", "repeat")
    records = csv.DictReader(io.StringIO(record_rows.write(some), newline=""))
    whole = {tuple(one[key] for key in keys): int(one["requests"]) for one in records}
    parts = dict.fromkeys(whole, 0)
    for one in rows(some):
        parts[tuple(one[key] for key in keys)] += int(one["requests"])
    assert parts == whole
