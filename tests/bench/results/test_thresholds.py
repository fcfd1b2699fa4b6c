"""The limits of a run against its cells: what fails, what passes, and what cannot be decided and fails as well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.errors import UsageError
from bench.model.record import Caveat, Latency, Record, RequestSummary
from bench.results.results import Results
from bench.results.thresholds import judge_thresholds, threshold_table
from tests.bench.builders import facts, recorded, repeats

NAMES = ("GET /items", "POST /cart")


def shopping(*p99s: float, errors: int = 0, caveats: tuple[Caveat, ...] = (), **more: Any) -> list[Record]:
    """Records of two requests each: the second is ten times as slow as the first."""
    valid = not any(caveat.code in ("errors", "shed") for caveat in caveats)
    made = []
    for repeat, p99 in enumerate(p99s):
        (one,) = repeats("uvicorn", "shopping", 1000.0, p99=p99, errors=errors, caveats=caveats, valid=valid)
        parts = {
            name: RequestSummary(
                requests=1000,
                errors=0,
                response_ms=Latency(p99=p99 * by, max=p99 * by),
                throughput_rps=500.0 / by,
            )
            for name, by in zip(NAMES, (1, 10), strict=True)
        }
        summary = replace(one.summary, by_request=parts, **more)
        made.append(replace(one, cell=replace(one.cell, repeat=repeat), summary=summary))
    return made


def limited(records: list[Record], *limits: str) -> Results:
    plan = {**facts()["plan"], "fail_if": list(limits)}  # type: ignore[dict-item]
    return recorded(*records, plan=plan)


def words(records: list[Record], *limits: str) -> list[str]:
    return [one.verdict for one in judge_thresholds(limited(records, *limits))]


def test_a_run_without_limits_has_no_verdict() -> None:
    results = recorded(*shopping(5.0))
    assert judge_thresholds(results) == ()
    assert threshold_table(results).rows == ()


def test_the_median_of_the_rounds_decides() -> None:
    records = shopping(10.0, 90.0, 20.0)
    (one,) = judge_thresholds(limited(records, "p99>19.9ms"))
    assert (one.verdict, one.figure, one.limit, one.unit) == ("failed", 20.0, 19.9, "ms")
    assert (one.setup, one.scenario, one.engine, one.load) == ("uvicorn", "shopping", "native", "32 users")
    assert words(records, "p99>20ms") == ["passed"]


def test_errors_are_a_share_of_the_requests_of_all_rounds() -> None:
    """30 of 3,030 requests in each of two rounds: 0.990 %."""
    records = shopping(5.0, 5.0, errors=30, caveats=(Caveat("errors", "30 of 3,030"),))
    assert words(records, "errors>0.98%", "errors>0.991%") == ["failed", "passed"]


def test_too_little_throughput_fails() -> None:
    assert words(shopping(5.0), "rps<1000", "rps<1000.1") == ["passed", "failed"]


def test_lag_is_judged_by_its_p99() -> None:
    assert words(shopping(5.0, lag_ms=Latency(p99=3.0)), "lag>2ms", "lag>4ms") == ["failed", "passed"]


@pytest.mark.parametrize(
    ("limit", "verdict", "request_name"),
    [
        ("shopping: p99>11ms", "passed", None),
        ("shopping/GET /items: p99>11ms", "passed", "GET /items"),
        ("shopping/POST /cart: p99>11ms", "failed", "POST /cart"),
        ("shopping/POST /cart: rps<50", "passed", "POST /cart"),
        ("shopping/POST /cart: rps<51", "failed", "POST /cart"),
    ],
)
def test_a_limit_can_be_of_one_request(limit: str, verdict: str, request_name: str | None) -> None:
    (one,) = judge_thresholds(limited(shopping(10.0), limit))
    assert (one.verdict, one.request, one.scenario) == (verdict, request_name, "shopping")


def test_a_limit_of_a_scenario_leaves_the_others_alone() -> None:
    records = [*shopping(10.0), *repeats("uvicorn", "noop-async", 1000.0, p99=90.0)]
    assert words(records, "shopping: p99>11ms") == ["passed"]
    assert words(records, "p99>11ms") == ["failed", "passed"]


def test_an_invalid_cell_never_passes() -> None:
    records = shopping(5.0, caveats=(Caveat("shed", "3 sessions"),))
    (one,) = judge_thresholds(limited(records, "p99>50ms"))
    assert (one.verdict, one.figure) == ("undecided", 5.0)
    assert "shed" in one.why
    assert words(records, "p99>1ms") == ["failed"]


def test_errors_make_a_cell_undecided_unless_a_limit_says_how_many_there_may_be() -> None:
    records = shopping(5.0, errors=3, caveats=(Caveat("errors", "3 of 3,003"),))
    assert words(records, "p99>50ms") == ["undecided"]
    assert words(records, "p99>50ms", "errors>1%") == ["passed", "passed"]
    assert words(records, "p99>50ms", "shopping/GET /items: errors>1%") == ["undecided", "passed"]
    assert words(records, "p99>50ms", "errors>0.01%") == ["passed", "failed"]


def test_nothing_measured_passes_nothing() -> None:
    no_requests = shopping(5.0, requests=0, response_ms=Latency())
    assert words(no_requests, "p99>50ms", "errors>1%", "rps<1") == ["undecided"] * 3
    assert words([], "p99>50ms") == ["undecided"]
    (one,) = judge_thresholds(limited(shopping(5.0), "shopping/GET /item: p99>1s"))
    assert (one.verdict, one.figure) == ("undecided", None)
    assert "GET /items" in one.why


def test_of_too_few_requests_the_slowest_stands_for_p999() -> None:
    few = Latency(p99=1.0, max=70.0)
    (one,) = judge_thresholds(limited(shopping(5.0, response_ms=few), "p99.9>60ms"))
    assert (one.verdict, one.figure) == ("failed", 70.0)
    assert "p99.9" in one.why


def test_a_name_that_the_run_does_not_know_is_an_error() -> None:
    with pytest.raises(UsageError, match="unknown scenario 'shoping'"):
        judge_thresholds(limited(shopping(5.0), "shoping: p99>1ms"))


def test_the_table_shows_what_did_not_pass_first() -> None:
    rows = threshold_table(limited(shopping(10.0), "p99>50ms", "rps<1001", "shopping/no: p99>1ms")).rows
    assert [row.entries[0] for row in rows] == ["failed", "undecided", "passed"]
    assert rows[0].entries[3] == "1,000 req/s"


def test_first_bytes_and_gaps_are_judged_by_their_own_times() -> None:
    one = shopping(10.0)[0]
    summary = replace(one.summary, first_byte_ms=Latency(p99=7.0), gap_ms=None)
    records = [replace(one, summary=summary)]
    assert words(records, "first-byte p99>8ms", "first-byte p99>6ms", "gap p99>1ms") == [
        "passed",
        "failed",
        "undecided",
    ]
    (verdict,) = judge_thresholds(limited(records, "gap p99>1ms"))
    assert (verdict.metric, verdict.why) == ("gap p99", "no gap p99 was measured")
