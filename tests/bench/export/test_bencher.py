"""Against https://bencher.dev/docs/reference/bencher-metric-format/."""

from __future__ import annotations

import json
import math
import re

from bench.export.bencher import write
from bench.results.results import understand
from tests.bench.builders import realistic, recorded, repeats
from tests.bench.results.test_endpoints import named, part


def test_a_benchmark_has_measures_and_each_a_value_between_two_others() -> None:
    some = repeats("uvicorn", "noop-async", 1000, 1030, 990, p50=2.0, p99=6.0, cpu_us=80.0, rss=90_000_000)
    assert json.loads(write(recorded(*some))) == {
        "uvicorn / noop-async / native / 32 users": {
            "throughput": {"value": 1000, "lower_value": 990, "upper_value": 1030},
            "response-p50-ms": {"value": 2, "lower_value": 2, "upper_value": 2},
            "response-p99-ms": {"value": 6, "lower_value": 6, "upper_value": 6},
            "server-cpu-us-per-request": {"value": 80, "lower_value": 80, "upper_value": 80},
            "server-memory-mb": {"value": 90, "lower_value": 90, "upper_value": 90},
        }
    }


def test_what_was_not_measured_is_no_measure() -> None:
    told = json.loads(write(recorded(*repeats("a", "noop-async", 10, 11, p99=None, cpu_us=None))))
    assert list(told["a / noop-async / native / 32 users"]) == ["throughput", "server-memory-mb"]


def test_a_whole_run_follows_the_published_format() -> None:
    told = json.loads(write(understand(realistic())))
    assert len(told) > 20
    for benchmark, measures in told.items():
        assert 0 < len(benchmark) <= 1024
        assert measures
        for slug, metric in measures.items():
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
            assert set(metric) == {"value", "lower_value", "upper_value"}
            assert all(math.isfinite(figure) for figure in metric.values())
            assert metric["lower_value"] <= metric["value"] <= metric["upper_value"]


def test_an_invalid_cell_is_left_out_whole() -> None:
    bad = (*repeats("a", "noop-async", 1, 2), *repeats("a", "noop-async", 3, valid=False))
    told = json.loads(write(recorded(*bad, *repeats("b", "noop-async", 1, 2))))
    assert list(told) == ["b / noop-async / native / 32 users"]


def test_each_of_several_names_is_a_benchmark_of_its_own() -> None:
    rounds = [
        named(at, a=part(9, p99, rps), b=part(9, 5.0, None))
        for at, p99, rps in [(0, 3.0, 10.0), (1, 4.0, 30.0)]
    ]
    told = json.loads(write(recorded(*rounds)))
    cell = "uvicorn / shopping / native / 32 users"
    assert list(told) == [cell, f"{cell} / a", f"{cell} / b"]
    assert told[f"{cell} / a"] == {
        "throughput": {"value": 20, "lower_value": 10, "upper_value": 30},
        "response-p50-ms": {"value": 1, "lower_value": 1, "upper_value": 1},
        "response-p99-ms": {"value": 3.5, "lower_value": 3, "upper_value": 4},
    }
    assert "throughput" not in told[f"{cell} / b"]
