"""Requests by name: which cells have such a table, and its figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.model.record import Latency, Record, RequestSummary
from bench.model.samples import Samples
from bench.results.endpoints import endpoint_metrics, endpoint_table, endpoints, names_in_common
from bench.results.summary import summarise
from bench.stats.format import NOTHING
from tests.bench.builders import record, recorded


def named(repeat: int, **parts: RequestSummary) -> Record:
    one = record("uvicorn", "shopping", repeat=repeat)
    return replace(one, summary=replace(one.summary, by_request=parts))


def part(
    requests: int, p99: float, rps: float | None = 100.0, kinds: dict[str, int] | None = None
) -> RequestSummary:
    return RequestSummary(
        requests=requests,
        errors=sum((kinds or {}).values()),
        response_ms=Latency(p50=1.0, p90=2.0, p95=3.0, p99=p99),
        errors_by_kind=kinds or {},
        throughput_rps=rps,
    )


def test_counts_are_of_all_rounds_and_figures_are_medians() -> None:
    rounds = [
        named(0, items=part(100, 10.0), cart=part(50, 90.0, 50.0, {"timeout": 1, "status-500": 2})),
        named(1, items=part(100, 30.0), cart=part(60, 70.0, 60.0, {"status-500": 2})),
        named(2, items=part(100, 20.0)),
    ]
    table = endpoint_table(recorded(*rounds))
    assert [row.entries for row in table.rows] == [
        ("items", "300", "0", "", "100", "1.00", "2.00", "3.00", "20.0", NOTHING),
        ("cart", "110", "5", "4 status-500, 1 timeout", "55.0", "1.00", "2.00", "3.00", "80.0", NOTHING),
    ]
    assert [len(row.entries) for row in table.rows] == [len(table.columns)] * 2


def test_a_cell_of_one_name_has_no_table() -> None:
    assert endpoint_table(recorded(named(0, items=part(100, 10.0)))).rows == ()
    (cell,) = recorded(named(0, items=part(100, 10.0))).cells
    assert endpoints(cell) == ()


def test_records_of_before_have_no_throughput_by_name() -> None:
    rows = endpoint_table(recorded(named(0, a=part(9, 1.0, None), b=part(9, 1.0, None)))).rows
    assert [row.entries[4] for row in rows] == [NOTHING, NOTHING]


def test_names_in_common_are_those_of_all_cells() -> None:
    (first,) = recorded(named(0, a=part(9, 1.0), b=part(9, 1.0), c=part(9, 1.0))).cells
    (second,) = recorded(named(0, c=part(9, 1.0), a=part(9, 1.0), d=part(9, 1.0))).cells
    assert list(names_in_common([first, second])) == ["a", "c"]


def test_a_metric_of_a_name_is_none_where_a_record_lacks_it() -> None:
    one = named(0, a=part(9, 7.0), b=part(0, 1.0))
    assert [metric.of(one) for metric in endpoint_metrics("a")] == [100.0, 1.0, 2.0, 3.0, 7.0, None]
    assert {metric.of(one) for name in "bc" for metric in endpoint_metrics(name)} == {None}


def test_each_name_of_the_samples_has_its_own_errors_and_throughput() -> None:
    """Ten requests in 2 s: of `a` 4 good and 2 failed, of `b` 3 good and 1 failed; a good one of `a` came too late."""
    ns = 1_000_000_000
    label = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    outcome = np.array([0, 0, 0, 0, 1, 2, 0, 0, 0, 1])
    intended = np.arange(10, dtype=np.int64) * ns // 10
    done = intended + 1_000_000
    done[3] = 3 * ns
    samples = Samples(
        intended_ns=intended,
        connect_ns=np.zeros(10, np.int64),
        sent_ns=intended,
        first_ns=done,
        done_ns=done,
        label=label,
        outcome=outcome,
        worker=np.zeros(10, np.int64),
        labels=("a", "b"),
        outcomes=("ok", "status-500", "timeout"),
        start_ns=0,
        end_ns=2 * ns,
    )
    found = summarise(samples).by_request
    assert {name: one.throughput_rps for name, one in found.items()} == {"a": 1.5, "b": 1.5}
    assert {name: dict(one.errors_by_kind) for name, one in found.items()} == {
        "a": {"status-500": 1, "timeout": 1},
        "b": {"status-500": 1},
    }
