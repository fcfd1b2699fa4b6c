"""The audit as a whole: a sound cell, codes with their figures, and a cell to which nothing came."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.plan import Load
from bench.model.record import Caveat, Latency, RequestSummary, Summary
from bench.results.caveats import is_valid
from tests.bench.results.audit.audited import (
    CLOSED,
    GOOD,
    OPEN,
    found,
    summary,
    workers,
)


@pytest.mark.parametrize("load", [CLOSED, OPEN], ids=["closed", "open"])
def test_a_sound_cell_has_no_caveat(load: Load) -> None:
    assert found(load=load) == {}


def test_each_code_stands_for_the_figures_that_it_doubts() -> None:
    bad = found(
        summary(
            requests=1000,
            errors=30,
            errors_by_kind={"status-500": 20, "timeout": 10},
            shed=7,
            throughput_rps=400.0,
            lag_ms=Latency(p99=9.0),
            by_request={"GET /": RequestSummary(requests=1000, errors=30, response_ms=GOOD)},
            mean_concurrency=20.0,
        ),
        load=OPEN,
        resources=replace(workers(75, 25), steal_share=0.043, others_share=0.32),
        cpu_share=0.91,
    )
    expected = {
        "errors": "30 of 1000 requests failed (20 status-500, 10 timeout)",
        "rate-not-reached": "400 good answers/s of the 500 requests/s that were due (80%)",
        "shed": "7 sessions never started",
        "generator-saturated": "91%",
        "lag": "9.00 ms late or more, with a median service time of 19.00 ms",
        "steal": "4.3%",
        "other-load": "32%",
        "uneven-workers": "75% / 25%",
        "littles-law": "500 requests/s x 20.00 ms make 10.00 under way, against 20.00",
    }
    assert set(bad) == set(expected)
    assert {code: said for code, said in expected.items() if said not in bad[code]} == {}


def test_no_request_at_all_is_an_error_and_never_a_zero() -> None:
    nothing = Summary(
        requests=0,
        errors=0,
        shed=0,
        throughput_rps=0.0,
        response_ms=Latency(),
        service_ms=Latency(),
        lag_ms=Latency(),
        by_request={},
        timeline=(),
    )
    for load in (CLOSED, OPEN):
        caveats = found(nothing, load=load)
        assert set(caveats) == {"errors", "few-samples"}
        assert not is_valid([Caveat(code, text) for code, text in caveats.items()])
