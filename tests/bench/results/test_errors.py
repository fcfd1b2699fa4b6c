"""Errors by kind: how many, of which requests, and the first of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bench.model.evidence import FailedRequest
from bench.model.record import Record, RequestSummary
from bench.results.errors import error_kinds, error_lines, log_ends
from tests.bench.builders import NOTHING, record

FAILED = FailedRequest(
    kind="status-500",
    request="GET /items",
    at_s=0.25,
    sent="GET /items HTTP/1.1\nHost: x",
    status=500,
    head="HTTP/1.1 500 Oops\nA: b",
    body='{"detail":\n "no"}',
)


def failing(
    *failed: FailedRequest, kinds: Mapping[str, Mapping[str, int]], setup: str = "uvicorn", log: str = ""
) -> Record:
    """A record with these examples; `kinds` gives the count by name and kind."""
    one = record(setup, "shopping")
    by_request = {
        name: RequestSummary(requests=9, errors=sum(some.values()), response_ms=NOTHING, errors_by_kind=some)
        for name, some in kinds.items()
    }
    whole: dict[str, int] = {}
    for some in kinds.values():
        for kind, count in some.items():
            whole[kind] = whole.get(kind, 0) + count
    summary = replace(one.summary, errors_by_kind=whole, by_request=by_request)
    return replace(one, summary=summary, failed=failed, server_log=log)


def test_a_run_without_errors_has_none() -> None:
    assert error_kinds([record()]) == ()
    assert list(error_lines([record()])) == []
    assert log_ends([record()]) == ()


def test_kinds_are_counted_over_all_records_the_most_frequent_first() -> None:
    found = error_kinds(
        [
            failing(FAILED, kinds={"GET /items": {"status-500": 2, "timeout": 1}}),
            failing(kinds={"POST /cart": {"timeout": 4}}, setup="granian-1"),
        ]
    )
    assert [(one.kind, one.count, dict(one.by_request)) for one in found] == [
        ("timeout", 5, {"GET /items": 1, "POST /cart": 4}),
        ("status-500", 2, {"GET /items": 2}),
    ]
    assert [example.failed for example in found[1].examples] == [FAILED]


def test_a_line_says_how_many_and_shows_the_first() -> None:
    (line,) = error_lines([failing(FAILED, kinds={"GET /items": {"status-500": 2}})])
    assert line.startswith(
        "status-500: 2 requests of GET /items; the first in uvicorn / shopping / native / 32 users"
    )
    assert line.endswith('HTTP/1.1 500 Oops, {"detail": "no"}')
    assert "\n" not in line


def test_nothing_that_came_is_said_and_so_is_a_warm_up() -> None:
    silent = replace(FAILED, kind="timeout", at_s=-0.5, status=None, head="", body="")
    (line,) = error_lines([failing(silent, kinds={})])
    assert "none in a measured part" in line
    assert "before the measured part" in line
    assert line.endswith("nothing came")


def test_of_many_examples_each_cell_and_name_has_its_first_shown() -> None:
    names = [f"GET /{number}" for number in range(8)]
    many = [replace(FAILED, request=name, at_s=place) for place in range(3) for name in names]
    (one,) = error_kinds([failing(*many, kinds={"GET /0": {"status-500": 24}})])
    assert [example.failed.request for example in one.examples] == [*names, "GET /0", "GET /1"]
    assert one.more == 14


def test_the_log_of_the_first_server_of_a_setup_is_shown() -> None:
    records = [
        failing(kinds={}),
        failing(kinds={}, log="first"),
        failing(kinds={}, log="second"),
        failing(kinds={}, setup="granian-1", log="other"),
    ]
    assert [(one.setup, one.text) for one in log_ends(records)] == [
        ("uvicorn", "first"),
        ("granian-1", "other"),
    ]
