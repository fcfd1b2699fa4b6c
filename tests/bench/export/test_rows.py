"""Against RFC 4180, read by Python's csv module in its strict mode."""

from __future__ import annotations

import csv
import io

from bench.export.rows import write
from bench.model.record import Caveat
from bench.results.results import Results, understand
from tests.bench.builders import OPEN, realistic, record, recorded, repeats


def rows(some: Results) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(write(some), newline=""), strict=True))


def test_one_row_a_record_and_a_header_with_units() -> None:
    some = understand(realistic())
    told = rows(some)
    assert len(told) == len(some.records)
    columns = list(told[0])
    assert len(set(columns)) == len(columns)
    dimensionless = {
        "run",
        "started_at",
        "setup",
        "scenario",
        "engine",
        "load",
        "users",
        "arrivals",
        "max_sessions",
        "shape",
        "repeat",
        "valid",
        "caveats",
        "requests",
        "errors",
        "shed",
        "cpu_us_per_request",
    }
    units = ("_s", "_ms", "_rps", "_per_s", "_bytes", "_share")
    assert [name for name in columns if name not in dimensionless and not name.endswith(units)] == []


def test_lines_end_as_the_standard_says_and_quotes_are_doubled() -> None:
    said = write(recorded(record('a "b", c')))
    lines = said.split("\r\n")
    assert (len(lines), lines[-1]) == (3, "")
    assert "\n" not in said.replace("\r\n", "")
    assert '"a ""b"", c"' in lines[1]


def test_figures_are_exact_and_what_was_not_measured_is_empty() -> None:
    (told,) = rows(recorded(record(throughput=1234.5678, p50=2.0, p99=6.0, cpu_us=None, rss=90_000_001)))
    assert (float(told["throughput_rps"]), float(told["response_p99_ms"])) == (1234.5678, 6.0)
    assert (told["cpu_us_per_request"], told["lag_p99_ms"], told["rss_peak_bytes"]) == ("", "", "90000001")


def test_loads_of_either_kind_have_their_own_columns() -> None:
    told = {row["load"]: row for row in rows(recorded(record(), record(load=OPEN)))}
    kept = ("users", "arrivals_per_s", "duration_s")
    assert [told["closed"][name] for name in kept] == ["32", "", "3.0"]
    assert [told["open"][name] for name in kept] == ["", "400", "3.0"]


def test_an_invalid_record_says_so_and_why() -> None:
    doubts = (Caveat("errors", "1 of 2 failed"), Caveat("lag", "1 ms"))
    good, bad = repeats("a", "noop-async", 1), record("b", valid=False, caveats=doubts)
    found = {row["setup"]: (row["valid"], row["caveats"]) for row in rows(recorded(*good, bad))}
    assert found == {"a": ("true", ""), "b": ("false", "errors: 1 of 2 failed; lag: 1 ms")}


def test_times_weighted_by_time_have_columns_of_their_own() -> None:
    (told,) = rows(recorded(record(p99=6.0, p99_by_time=60.0)))
    assert (told["response_p99_ms"], told["time_weighted_p99_ms"], told["time_weighted_p50_ms"]) == (
        "6.0",
        "60.0",
        "",
    )
