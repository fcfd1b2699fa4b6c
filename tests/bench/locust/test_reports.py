"""A worker's report moved to the master's clock, by hand."""

from __future__ import annotations

from typing import Any

from bench.locust.reports import begin_no_earlier, entries, shift


def entry(**more: Any) -> dict[str, Any]:
    return {
        "start_time": 1000.25,
        "last_request_timestamp": 1002.5,
        "num_reqs_per_sec": {1000: 3, 1001: 4},
        "num_fail_per_sec": {1001: 1},
        **more,
    }


def report() -> dict[str, Any]:
    return {
        "stats": [entry(), entry(last_request_timestamp=None)],
        "stats_total": entry(),
        "errors": {
            "a": {"first_seen": 1001.0, "last_seen": 1002.0},
            "b": {"first_seen": None, "last_seen": None},
        },
    }


def test_all_times_move_and_seconds_move_by_whole_ones() -> None:
    found = report()
    shift(found, 29.75)
    assert found["stats_total"] == {
        "start_time": 970.5,
        "last_request_timestamp": 972.75,
        "num_reqs_per_sec": {970: 3, 971: 4},
        "num_fail_per_sec": {971: 1},
    }
    assert found["stats"][0] == found["stats_total"]
    assert found["stats"][1]["last_request_timestamp"] is None
    assert found["errors"]["a"] == {"first_seen": 971.25, "last_seen": 972.25}
    assert found["errors"]["b"] == {"first_seen": None, "last_seen": None}


def test_no_entry_starts_before_all_do() -> None:
    found = report()
    begin_no_earlier(found, 1000.5)
    assert {one["start_time"] for one in entries(found)} == {1000.5}
    begin_no_earlier(found, 900.0)
    assert {one["start_time"] for one in entries(found)} == {1000.5}


def test_a_clock_that_is_behind_moves_them_the_other_way_and_counts_stay() -> None:
    found = report()
    shift(found, -30.0)
    assert found["stats_total"]["num_reqs_per_sec"] == {1030: 3, 1031: 4}
    assert [sum(one["num_reqs_per_sec"].values()) for one in entries(found)] == [7, 7, 7]
