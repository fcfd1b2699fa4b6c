"""Objectives: what they say of a summary and of a trial."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.capacity.slo import doubts, misses
from bench.model.plan import OpenLoad
from bench.model.record import Caveat, Latency, Record, Summary
from bench.results.tallies import latency_of
from bench.stats.objectives import parse, parse_all
from tests.bench.builders import record


def summary(requests: int = 10_000, errors: int = 0) -> Summary:
    times = Latency(mean=5.0, p50=4.0, p90=8.0, p95=10.0, p99=50.0, p999=80.0, max=200.0)
    return replace(record().summary, requests=requests, errors=errors, response_ms=times)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("p99<50ms", False),
        ("p99<50.1ms", True),
        ("max<1s", True),
        ("max<200ms", False),
        ("mean<5.01ms", True),
    ],
    ids=["at the limit is not below it", "just below", "maximum", "maximum missed", "mean"],
)
def test_response_times_must_lie_below_the_limit(text: str, holds: bool) -> None:
    assert parse(text).holds(summary()) is holds


@pytest.mark.parametrize(
    ("errors", "holds"), [(0, True), (9, True), (10, False)], ids=["none", "9 of 10,000", "10"]
)
def test_errors_are_a_share_of_the_requests(errors: int, holds: bool) -> None:
    assert parse("errors<0.1%").holds(summary(errors=errors)) is holds


def test_nothing_measured_holds_nothing() -> None:
    assert not parse("p99<50ms").holds(replace(summary(requests=0), response_ms=Latency()))
    assert not parse("errors<1%").holds(summary(requests=0))


def made(*codes: str, p99: float = 10.0) -> Record:
    load = OpenLoad(1000, 4.0)
    return record(load=load, p99=p99, caveats=tuple(Caveat(code, "...") for code in codes))


def test_a_trial_is_spoilt_by_what_no_objective_says() -> None:
    objectives = parse_all(["p99<50ms"])
    assert misses(made(), objectives) == ()
    assert misses(made("lag", "steal", "few-samples", "errors"), objectives) == ()
    assert misses(made("shed"), objectives) == ("shed",)
    assert misses(made("rate-not-reached", p99=61.2), objectives) == (
        "p99 61.2 ms (p99<50ms)",
        "rate-not-reached",
    )
    assert misses(made("generator-saturated"), objectives) == ("generator-saturated",)


@pytest.mark.parametrize(
    ("text", "requests", "enough"),
    [
        ("p999<1s", 9_999, False),
        ("p999<1s", 10_000, True),
        ("p50<1s", 19, False),
        ("p50<1s", 20, True),
        ("errors<0.1%", 999, False),
        ("errors<0.1%", 1000, True),
        ("max<1s", 1, True),
        ("p99<1s", 1, True),
    ],
    ids=[
        "p999 short",
        "p999",
        "p50 short",
        "p50",
        "errors short",
        "errors",
        "max",
        "p99 is the record's own matter",
    ],
)
def test_too_few_requests_are_said(text: str, requests: int, enough: bool) -> None:
    found = list(doubts(summary(requests=requests), [parse(text)]))
    assert [caveat.code for caveat in found] == ([] if enough else ["few-samples"])


@pytest.mark.parametrize(("slowest_ms", "holds"), [(49.0, True), (51.0, False)])
def test_of_too_few_requests_for_p999_the_slowest_decides(slowest_ms: float, holds: bool) -> None:
    """9,000 requests of 1 ms, but for one: no p999 is known of them, but it is at most the maximum."""
    times_ms = np.append(np.ones(8_999), slowest_ms)
    few = replace(record().summary, response_ms=latency_of((times_ms * 1e6).astype(np.int64)))
    assert few.response_ms.p999 is None
    assert parse("p999<50ms").holds(few) is holds
