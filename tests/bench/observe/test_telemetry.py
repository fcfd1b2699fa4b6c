"""Files as a worker's probe leaves them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.errors import EngineError
from bench.model.readings import Telemetry
from bench.observe import telemetry

LINE = {
    "at_ns": 5_000,
    "loop_lag_ms": 1.5,
    "tokens": 40,
    "tokens_busy": 3,
    "tokens_waiting": 2,
    "pool": 10,
    "pool_busy": 1,
    "pool_waiting": 4,
    "collections": [7, 2, 1],
    "gc_ms": 9.25,
    "gc_pause_ms": 0.5,
}
REPORT = Telemetry(
    at_ns=5_000,
    loop_lag_ms=1.5,
    tokens=40,
    tokens_busy=3,
    tokens_waiting=2,
    pool=10,
    pool_busy=1,
    pool_waiting=4,
    collections=(7, 2, 1),
    gc_ms=9.25,
    gc_pause_ms=0.5,
)


def test_each_worker_has_its_lines_in_order(tmp_path: Path) -> None:
    later = LINE | {"at_ns": 6_000}
    (tmp_path / "11.jsonl").write_text(json.dumps(LINE) + "\n" + json.dumps(later) + "\n")
    (tmp_path / "12.jsonl").write_text("")
    (tmp_path / "notes.jsonl").write_text("{}\n")
    found = telemetry.read(tmp_path)
    assert set(found) == {11, 12}
    assert found[11][0] == REPORT
    assert [report.at_ns for report in found[11]] == [5_000, 6_000]
    assert found[12] == ()


def test_a_line_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "11.jsonl").write_text(json.dumps(LINE) + "\n" + json.dumps(LINE)[:40])
    assert telemetry.read(tmp_path) == {11: (REPORT,)}


def test_an_app_that_writes_nothing_has_no_telemetry(tmp_path: Path) -> None:
    assert telemetry.read(tmp_path / "probe") == {}


def test_what_a_later_probe_says_more_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "11.jsonl").write_text(json.dumps(LINE | {"heap": 3}) + "\n")
    assert telemetry.read(tmp_path) == {11: (REPORT,)}


def test_a_line_that_is_not_telemetry_is_an_error_that_names_the_field(tmp_path: Path) -> None:
    (tmp_path / "11.jsonl").write_text(json.dumps(LINE | {"pool": "ten"}) + "\n")
    with pytest.raises(EngineError, match=r"telemetry in 11.jsonl: pool: Input should be a valid integer"):
        telemetry.read(tmp_path)
