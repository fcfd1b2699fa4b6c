"""Figures that contradict each other, and those that still agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.plan import ClosedLoad
from bench.model.record import RequestSummary
from tests.bench.results.audit.audited import (
    GOOD,
    OPEN,
    answered,
    found,
    summary,
)


@pytest.mark.parametrize(
    ("code", "outside", "inside"),
    [
        (
            "littles-law",
            {"summary": summary(response_ms=replace(GOOD, mean=21.01))},
            {"summary": summary(response_ms=replace(GOOD, mean=21.0))},
        ),
        (
            "littles-law",
            {"summary": summary(response_ms=replace(GOOD, mean=18.99))},
            {"summary": summary(response_ms=replace(GOOD, mean=19.0))},
        ),
        (
            "littles-law",
            {"summary": summary(mean_concurrency=19.04), "load": OPEN},
            {"summary": summary(mean_concurrency=19.05), "load": OPEN},
        ),
        (
            "littles-law",
            {"summary": replace(answered(100), response_ms=replace(GOOD, mean=1.0))},
            {"summary": replace(answered(99), response_ms=replace(GOOD, mean=1.0))},
        ),
        (
            "counts-do-not-reconcile",
            {
                "summary": summary(
                    by_request={"GET /": RequestSummary(requests=1999, errors=0, response_ms=GOOD)}
                )
            },
            {
                "summary": summary(
                    by_request={
                        "a": RequestSummary(requests=1, errors=0, response_ms=GOOD),
                        "b": RequestSummary(requests=1999, errors=0, response_ms=GOOD),
                    }
                )
            },
        ),
        (
            "counts-do-not-reconcile",
            {"summary": summary(errors=3, errors_by_kind={"timeout": 1, "wrong-body": 1})},
            {"summary": summary(errors=2, errors_by_kind={"timeout": 1, "wrong-body": 1})},
        ),
        ("counts-do-not-reconcile", {"summary": summary(lost=1)}, {"summary": summary(lost=0)}),
        (
            "counts-do-not-reconcile",
            {"summary": summary(answered=1999, under_way=(20, 20))},
            {"summary": summary(answered=1999, under_way=(19, 20))},
        ),
        (
            "times-do-not-fit",
            {"summary": summary(response_ms=replace(GOOD, p95=31.0))},
            {"summary": summary(response_ms=replace(GOOD, p95=30.0))},
        ),
        (
            "times-do-not-fit",
            {
                "summary": summary(
                    by_request={
                        "GET /": RequestSummary(requests=2000, errors=0, response_ms=replace(GOOD, max=39.0))
                    }
                )
            },
            {
                "summary": summary(
                    by_request={
                        "GET /": RequestSummary(requests=2000, errors=0, response_ms=replace(GOOD, max=40.0))
                    }
                )
            },
        ),
        (
            "times-do-not-fit",
            {"summary": summary(curve_ms=((50.0, 19.0), (90.0, 18.9)))},
            {"summary": summary(curve_ms=((50.0, 19.0), (90.0, 19.0)))},
        ),
        (
            "times-do-not-fit",
            {"summary": summary(service_ms=replace(GOOD, p99=30.1))},
            {"summary": summary(service_ms=replace(GOOD, p50=1.0))},
        ),
    ],
    ids=[
        "more under way than users",
        "fewer under way than users",
        "an open load is held against its measurement",
        "too few requests to hold it against anything",
        "by label",
        "by kind",
        "sent and never seen again",
        "one that was under way at the start was lost",
        "percentiles that fall",
        "of one request too",
        "a curve that falls",
        "a response shorter than its service",
    ],
)
def test_figures_that_contradict_each_other_show_just_outside_the_limit_and_not_just_inside(
    code: str, outside: dict[str, object], inside: dict[str, object]
) -> None:
    assert code in found(**outside)  # type: ignore[arg-type]
    assert code not in found(**inside)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "load",
    [ClosedLoad(50, 2.0, think_s=0.03), ClosedLoad(40, 2.0, shape="ramp")],
    ids=["users who think", "users who come and go"],
)
def test_users_who_are_not_always_busy_are_held_against_the_measured_concurrency(load: ClosedLoad) -> None:
    assert "littles-law" not in found(load=load)
    assert "littles-law" in found(summary(mean_concurrency=15.0), load=load)


def test_users_who_pause_are_held_against_the_measured_concurrency() -> None:
    measured = summary(response_ms=replace(GOOD, mean=15.0), mean_concurrency=15.0)
    assert "littles-law" in found(measured)
    assert "littles-law" not in found(measured, pauses=1)
    assert "littles-law" in found(summary(mean_concurrency=15.0), pauses=1)
