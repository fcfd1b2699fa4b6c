"""Objectives: how they are read."""

from __future__ import annotations

import pytest

from bench.errors import UsageError
from bench.stats.objectives import parse, parse_all


@pytest.mark.parametrize(
    ("text", "metric", "limit"),
    [
        ("p99<50ms", "p99", 50.0),
        ("p99 < 50 ms", "p99", 50.0),
        ("P50<1.5S", "p50", 1500.0),
        ("max<800us", "max", 0.8),
        ("mean<2e2ms", "mean", 200.0),
        ("p999<1s", "p999", 1000.0),
        ("errors<0.1%", "errors", 0.1),
    ],
    ids=["plain", "spaces", "upper case, seconds", "microseconds", "exponent", "p999", "errors in percent"],
)
def test_what_is_read(text: str, metric: str, limit: float) -> None:
    found = parse(text)
    assert (found.metric, found.limit) == (metric, pytest.approx(limit))
    assert parse(found.text) == found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("p99", "write METRIC<NUMBER UNIT"),
        ("p99>50ms", "write METRIC<NUMBER UNIT"),
        ("p99<ms", "write METRIC<NUMBER UNIT"),
        ("p98<50ms", "unknown metric 'p98'; did you mean"),
        ("p99<50", "a response time has a unit"),
        ("p99<50%", "a response time has a unit"),
        ("errors<1ms", "errors are a share"),
        ("errors<1", "errors are a share"),
        ("errors<101%", "more than 100 % cannot fail"),
        ("p99<0ms", "must be above zero"),
        ("p99<1.2.3ms", "'1.2.3' is not a number"),
    ],
)
def test_every_mistake_has_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence.replace("<", "<")):
        parse(text)


def test_errors_are_bounded_unless_told_otherwise_and_one_metric_has_one_limit() -> None:
    assert [one.text for one in parse_all(["p50<5ms"])] == ["p50<5ms", "errors<0.1%"]
    assert [one.text for one in parse_all(["errors<2%"])] == ["errors<2%"]
    with pytest.raises(UsageError, match="two objectives for p99"):
        parse_all(["p99<50ms", "p50<1ms", "p99<60ms"])
