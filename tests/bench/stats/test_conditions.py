"""Conditions: how they are read, what they name, and what they say of a summary."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.model.record import Latency, RequestSummary
from bench.stats.conditions import METRICS, RPS, parse, parse_threshold, split_scope
from tests.bench.builders import record

TIMES = Latency(mean=5.0, p50=4.0, p90=8.0, p95=10.0, p99=50.0, p999=80.0, max=200.0)
SUMMARY = replace(
    record().summary,
    requests=1000,
    errors=3,
    response_ms=TIMES,
    lag_ms=Latency(p99=0.7),
    throughput_rps=321.5,
)


@pytest.mark.parametrize(
    ("text", "metric", "limit", "scope"),
    [
        ("p99>50ms", "p99", 50.0, ""),
        (" P99.9 > 1.5 S ", "p999", 1500.0, ""),
        ("max>800us", "max", 0.8, ""),
        ("errors>0", "errors", 0.0, ""),
        ("errors>0.1%", "errors", 0.1, ""),
        ("rps<500", "rps", 500.0, ""),
        ("rps < 2e3 req/s", "rps", 2000.0, ""),
        ("lag>1ms", "lag", 1.0, ""),
        ("shopping: p50>5ms", "p50", 5.0, "shopping"),
        ("shopping/GET /items/:id: p50>5ms", "p50", 5.0, "shopping/GET /items/:id"),
        ("shop-2/a > b : c:p95>5ms", "p95", 5.0, "shop-2/a > b : c"),
        ("First-Byte p99>50ms", "p99", 50.0, ""),
        ("chat/POST /chat: gap max > 1s", "max", 1000.0, "chat/POST /chat"),
    ],
)
def test_a_limit_is_read(text: str, metric: str, limit: float, scope: str) -> None:
    found = parse_threshold(text)
    assert (found.metric, found.limit, found.scope) == (metric, pytest.approx(limit), scope)
    assert parse_threshold(found.text) == found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("p99", "--fail-if 'p99': write METRIC>NUMBER UNIT"),
        ("p99>=50ms", "write METRIC>NUMBER UNIT"),
        ("shopping p99>50ms", "write METRIC>NUMBER UNIT"),
        ("", "write METRIC>NUMBER UNIT"),
        ("p98>50ms", "unknown metric 'p98'; did you mean"),
        ("p99>50", "a response time has a unit"),
        ("lag>50", "lag has a unit"),
        ("errors>5", "errors are a share"),
        ("errors>101%", "more than 100 %"),
        ("rps<5ms", "have no unit"),
        ("rps<0", "must be above zero"),
        ("p99>0ms", "must be above zero"),
        ("p99>1e999ms", "must be above zero"),
        ("p99>1..2ms", "'1..2' is not a number"),
        ("p99<50ms", "would fail a run that is good"),
        ("errors<1%", "would fail a run that is good"),
        ("rps>500", "would fail a run that is good"),
        ("shopping/GET /: lag>1ms", "leave the request out"),
        ("gap errors>1%", "gap goes with one of p50, p90"),
        ("first-byte rps<5", "first-byte goes with one of p50, p90"),
        ("gap>50ms", "unknown metric 'gap'"),
    ],
)
def test_a_mistake_in_a_limit_has_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_threshold(text)
    assert sentence in str(caught.value)


@settings(max_examples=100, derandomize=True)
@given(st.text(max_size=30), st.sampled_from(METRICS), st.floats(0.001, 99.0))
def test_any_scope_is_kept_as_it_was_written(scope: str, metric: str, limit: float) -> None:
    unit = {"errors": "%", "rps": ""}.get(metric, "ms")
    written = f"{scope}: {metric}{'<' if metric == RPS else '>'}{limit}{unit}"
    if "/" in scope and metric == "lag":
        return
    try:
        found = parse_threshold(written)
    except UsageError:
        assert not scope.strip() or "\n" in scope or scope.splitlines() != [scope]
    else:
        assert (found.scope, found.metric, found.limit) == (scope.strip(), metric, pytest.approx(limit))


@pytest.mark.parametrize(
    ("scope", "parts"),
    [
        ("shop", ("shop", None)),
        ("shop-2", ("shop-2", None)),
        ("shop/GET /", ("shop", "GET /")),
        ("shop-2 / GET /a/b", ("shop-2", "GET /a/b")),
        ("shop//a", ("shop", "/a")),
    ],
)
def test_a_scope_is_a_scenario_or_one_of_its_requests(scope: str, parts: tuple[str, str | None]) -> None:
    assert split_scope(scope, ["shop", "shop-2"]) == parts


@pytest.mark.parametrize("scope", ["shup", "shop-3", "GET /a", "shop/", "/", "shop-2x/GET /"])
def test_a_scope_that_names_no_scenario_is_refused(scope: str) -> None:
    with pytest.raises(UsageError, match="unknown scenario"):
        split_scope(scope, ["shop", "shop-2"])


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("p50<1s", 4.0),
        ("p95<1s", 10.0),
        ("mean<1s", 5.0),
        ("p999<1s", 80.0),
        ("errors<1%", 0.3),
        ("rps<1", 321.5),
        ("lag<1s", 0.7),
    ],
)
def test_the_figure_of_each_metric(text: str, figure: float) -> None:
    assert parse(text, "objective", "").figure(SUMMARY) == pytest.approx(figure)


def test_a_figure_at_the_limit_is_on_neither_side() -> None:
    assert not parse("p99<50ms", "", "").is_met(50.0)
    assert not parse("p99>50ms", "", "").is_met(50.0)
    assert parse("p99>50ms", "", "").is_met(50.01)


def test_without_requests_and_without_a_figure_nothing_holds() -> None:
    empty = replace(SUMMARY, requests=0)
    texts = ("p99<1s", "p99>1ms", "errors<1%", "rps<1")
    assert not any(parse(text, "", "").holds(empty) for text in texts)
    one = RequestSummary(requests=5, errors=0, response_ms=Latency())
    assert parse("rps<1", "", "").figure(one) is None
    assert parse("lag<1s", "", "").figure(one) is None


def test_first_bytes_and_gaps_have_times_of_their_own() -> None:
    streamed = replace(SUMMARY, first_byte_ms=Latency(p99=7.0, max=9.0), gap_ms=Latency(p99=3.0, max=4.0))
    first, gap = parse_threshold("first-byte p99>6ms"), parse_threshold("gap max>5ms")
    assert (first.figure(streamed), gap.figure(streamed)) == (7.0, 4.0)
    assert (first.is_met(7.0), gap.is_met(4.0)) == (True, False)
    assert first.describe(streamed) == "first-byte p99 7.00 ms"


def test_where_all_answers_come_in_one_piece_the_first_byte_is_their_end_and_there_is_no_gap() -> None:
    assert parse_threshold("first-byte p99>6ms").figure(SUMMARY) == TIMES.p99
    gap = parse_threshold("gap p99>6ms")
    assert gap.figure(SUMMARY) is None
    assert gap.describe(SUMMARY) == "no gap p99"
