from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model import OpenLoad
from bench.schedule import arrivals_ns


def load(rate: float, duration_s: float = 2.0, warmup_s: float = 0.5, arrivals: str = "poisson") -> OpenLoad:
    return OpenLoad(rate, duration_s, warmup_s, arrivals)  # type: ignore[arg-type]


def test_uniform_arrivals_stand_in_the_middle_of_equal_gaps() -> None:
    assert arrivals_ns(load(4, 1.0, 0.25, "uniform"), seed=1).tolist() == [
        125_000_000, 375_000_000, 625_000_000, 875_000_000, 1_125_000_000,
    ]  # fmt: skip


@pytest.mark.parametrize(("rate", "span_s"), [(1, 3), (50, 2), (1000, 1), (0.4, 5)], ids=str)
def test_uniform_arrivals_are_rate_times_span(rate: float, span_s: float) -> None:
    assert len(arrivals_ns(load(rate, span_s, 0.0, "uniform"), seed=1)) == round(rate * span_s)


def test_poisson_counts_have_the_mean_and_the_variance_of_poisson() -> None:
    counts = [len(arrivals_ns(load(100, 1.5), seed)) for seed in range(400)]
    assert np.mean(counts) == pytest.approx(200, abs=4 * np.sqrt(200 / 400))
    assert np.var(counts) == pytest.approx(200, rel=0.3)


def test_poisson_gaps_are_exponential() -> None:
    """Kolmogorov and Smirnov: the largest distance of the two distribution functions, against its 0.1 % point."""
    at_s = arrivals_ns(load(500, 19.5), seed=11) / 1e9
    gaps = np.sort(np.diff(at_s))
    expected = 1 - np.exp(-500 * gaps)
    place = np.arange(len(gaps))
    distance = max(np.max(expected - place / len(gaps)), np.max((place + 1) / len(gaps) - expected))
    assert distance < 1.95 / np.sqrt(len(gaps))


def test_poisson_arrivals_know_nothing_of_the_warm_up() -> None:
    """Equally dense before and after the start of the measured part."""
    at_s = np.concatenate([arrivals_ns(load(200, 1.0, 1.0), seed) for seed in range(100)]) / 1e9
    assert np.mean(at_s < 1.0) == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(at_s)))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(
    st.sampled_from(["poisson", "uniform"]),
    st.floats(0.5, 2000),
    st.floats(0.1, 3),
    st.floats(0, 1),
    st.integers(0, 2**32 - 1),
)
def test_arrivals_are_sorted_within_the_span_and_decided_by_the_seed(
    kind: str, rate: float, duration_s: float, warmup_s: float, seed: int
) -> None:
    drawn = load(rate, duration_s, warmup_s, kind)
    found = arrivals_ns(drawn, seed)
    assert found.dtype == np.int64
    assert np.all(np.diff(found) >= 0)
    assert not len(found) or (found[0] >= 0 and found[-1] < (duration_s + warmup_s) * 1e9)
    assert np.array_equal(found, arrivals_ns(drawn, seed))


def test_another_seed_draws_other_arrivals_unless_they_are_uniform() -> None:
    assert arrivals_ns(load(50), 1).tolist() != arrivals_ns(load(50), 2).tolist()
    even = load(50, arrivals="uniform")
    assert arrivals_ns(even, 1).tolist() == arrivals_ns(even, 2).tolist()
