"""Histograms against all of their values, by NumPy; and the buckets, by their own law."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats.distribution import Exact, Histogram, bucket, middle

PERCENTS = (0, 1, 50, 90, 99, 99.9, 100)
VALUES = st.lists(st.integers(0, 2**62), min_size=1, max_size=80)
NEGATIVE = st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=80)
FINE = settings(max_examples=150, derandomize=True, deadline=None)


def array(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


@FINE
@given(VALUES)
def test_percentiles_are_within_a_thousandth_of_those_of_all_values(values: list[int]) -> None:
    found = Histogram()
    found.add(array(values))
    expected = np.percentile(np.array(values, float), PERCENTS).tolist()
    assert found.percentiles(PERCENTS) == pytest.approx(expected, rel=1e-3)
    assert found.mean() == pytest.approx(sum(values) / len(values))
    assert (found.count, found.largest()) == (len(values), max(values))


@FINE
@given(NEGATIVE, st.integers(0, 80), st.sampled_from([Exact, Histogram]))
def test_values_may_come_in_parts_and_below_zero(
    values: list[int], place: int, kind: type[Exact] | type[Histogram]
) -> None:
    whole, parts = kind(), kind()
    whole.add(array(values))
    for part in (values[:place], values[place:]):
        parts.add(array(part))
    assert parts.percentiles(PERCENTS) == whole.percentiles(PERCENTS)
    assert (parts.count, parts.largest(), parts.mean()) == (
        len(values),
        max(values),
        pytest.approx(np.mean(np.array(values, float))),
    )
    low, high = parts.percentiles((0, 100))
    assert (low, high) == (pytest.approx(min(values), rel=1e-3), pytest.approx(max(values), rel=1e-3))


@FINE
@given(st.lists(st.tuples(st.integers(1, 2**40), st.integers(1, 1000)), min_size=1, max_size=60))
def test_by_weight_a_histogram_agrees_with_all_values(drawn: list[tuple[int, int]]) -> None:
    values, weights = array([value for value, _ in drawn]), np.array([weight for _, weight in drawn], float)
    many, exact = Histogram(), Exact()
    many.add(values, weights)
    exact.add(values, weights)
    shares = (0.25, 0.5, 0.999)
    repeated = np.sort(np.repeat(values, weights.astype(int)))
    by_hand = [float(repeated[int(np.ceil(share * len(repeated) - 1e-9)) - 1]) for share in shares]
    assert exact.weighted(shares) == pytest.approx(by_hand)
    assert many.weighted(shares) == pytest.approx(by_hand, rel=1e-3)
    assert many.mean() == exact.mean() == pytest.approx(repeated.mean())


@FINE
@given(st.integers(0, 2**62 - 1))
def test_a_bucket_is_narrow_and_none_is_out_of_order(value: int) -> None:
    here, after = bucket(array([value, value + 1])).tolist()
    assert here <= after <= here + 1
    assert middle(array([here]))[0] == pytest.approx(value, rel=1 / 2048)


def test_small_values_are_exact() -> None:
    small = np.arange(-2047, 2048)
    assert (middle(bucket(small)) == small).all()


def test_a_histogram_of_many_values_is_small() -> None:
    found = Histogram()
    rng = np.random.default_rng(1)
    tracemalloc.start()
    try:
        for _ in range(200):
            found.add(rng.lognormal(14, 2, 5_000).astype(np.int64))
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.count == 1_000_000
    assert held_bytes < 500_000
