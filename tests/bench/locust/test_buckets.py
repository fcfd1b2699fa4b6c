from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.locust.buckets import added_since, bucket_ms, percentile_ms, short_ms

TIMES_MS = st.floats(min_value=1e-3, max_value=1e7)
SHARES = (0.5, 0.9, 0.95, 0.99, 0.999, 1.0)


def counts_of(times_ms: list[float]) -> dict[float, int]:
    counts: dict[float, int] = {}
    for time_ms in times_ms:
        counts[bucket_ms(time_ms)] = counts.get(bucket_ms(time_ms), 0) + 1
    return counts


@given(TIMES_MS)
def test_a_bucket_is_within_a_twentieth_of_a_percent(time_ms: float) -> None:
    assert bucket_ms(time_ms) == pytest.approx(time_ms, rel=0.0005)


@given(TIMES_MS)
def test_the_middle_of_a_bucket_is_in_it(time_ms: float) -> None:
    assert bucket_ms(bucket_ms(time_ms)) == bucket_ms(time_ms)


@given(st.lists(TIMES_MS, min_size=1, max_size=300))
def test_each_percentile_is_within_a_tenth_of_a_percent_of_that_of_the_rows(times_ms: list[float]) -> None:
    found = [percentile_ms(counts_of(times_ms), share) for share in SHARES]
    assert found == pytest.approx(np.quantile(times_ms, SHARES).tolist(), rel=0.001)


@given(st.lists(TIMES_MS, min_size=2, max_size=100), st.integers(0, 99))
def test_counts_of_two_workers_add_up_to_those_of_all_rows(times_ms: list[float], cut: int) -> None:
    one, other = counts_of(times_ms[:cut]), counts_of(times_ms[cut:])
    merged = {key: one.get(key, 0) + other.get(key, 0) for key in one | other}
    assert merged == counts_of(times_ms)
    assert added_since(merged, one) == other


def test_no_time_and_no_rows_are_0() -> None:
    assert (bucket_ms(0.0), bucket_ms(-1.0), percentile_ms({}, 0.5)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("time_ms", "short"),
    [(12.3456789, 12.346), (0.000123456, 0.00012346), (1234567.0, 1234600.0), (0.0, 0.0)],
)
def test_times_for_people_have_five_digits(time_ms: float, short: float) -> None:
    assert short_ms(time_ms) == short
