"""Latencies against the standard library, and tallies of requests whose figures were worked out by hand."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.record import Latency
from bench.results.tallies import RequestTally, latency_of
from bench.stats.distribution import Exact, Histogram

MS = 1_000_000


def test_percentiles_are_linear_between_the_nearest_samples() -> None:
    found = latency_of(np.array([4, 1, 3, 2]) * MS)
    expected = Latency(mean=2.5, p50=2.5, p90=3.7, p95=3.85, p99=3.97, p999=None, max=4.0)
    assert [getattr(found, name) for name in Latency.__slots__] == pytest.approx(
        [getattr(expected, name) for name in Latency.__slots__]
    )


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.lists(st.integers(1, 10**11), min_size=2, max_size=60))
def test_percentiles_agree_with_the_standard_library(times: list[int]) -> None:
    found = latency_of(np.array(times, np.int64))
    cuts = statistics.quantiles([time / MS for time in times], n=1000, method="inclusive")
    assert [found.p50, found.p90, found.p95, found.p99] == pytest.approx(
        [cuts[499], cuts[899], cuts[949], cuts[989]]
    )
    assert found.mean == pytest.approx(statistics.fmean(times) / MS)


@pytest.mark.parametrize(("count", "expected"), [(9_999, None), (10_000, 9989.001)])
def test_p999_needs_ten_requests_beyond_it(count: int, expected: float | None) -> None:
    """Of 0 to 9999 it lies at 0.999 x 9999."""
    found = latency_of(np.arange(count) * MS).p999
    assert found == (expected if expected is None else pytest.approx(expected))


def test_latency_of_nothing_is_nothing_and_no_zero() -> None:
    assert latency_of(np.empty(0, np.int64)) == Latency()


@pytest.mark.parametrize("make", [Exact, Histogram])
def test_a_tally_adds_up_what_comes_in_parts(make: type[Exact] | type[Histogram]) -> None:
    """Three requests, of which one failed; the response times of two of them, 2 and 4 ms."""
    tally = RequestTally(make)
    tally.add(np.array([0, 1]), np.array([2 * MS]))
    tally.add(np.array([0]), np.array([4 * MS]))
    found = tally.summary()
    assert (found.requests, found.errors) == (3, 1)
    assert (found.response_ms.mean, found.response_ms.max) == (3.0, 4.0)
    assert found.response_ms.p50 == pytest.approx(3.0, rel=1e-3)
