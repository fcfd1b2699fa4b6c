from __future__ import annotations

from dataclasses import astuple
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.plan import ClosedLoad, OpenLoad, Shape
from bench.plan.schedule import arrivals_ns, stages, user_spans_s

Arrivals = Literal["poisson", "uniform"]


def load(
    rate: float, duration_s: float = 2.0, warmup_s: float = 0.5, arrivals: Arrivals = "poisson"
) -> OpenLoad:
    return OpenLoad(rate, duration_s, warmup_s, arrivals=arrivals)


def test_uniform_arrivals_stand_in_the_middle_of_equal_gaps() -> None:
    assert arrivals_ns(load(4, 1.0, 0.25, "uniform"), seed=1).tolist() == [
        125_000_000,
        375_000_000,
        625_000_000,
        875_000_000,
        1_125_000_000,
    ]


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
    kind: Arrivals, rate: float, duration_s: float, warmup_s: float, seed: int
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


# --- loads that change ---------------------------------------------------------------------------

LEVELS: dict[Shape, list[tuple[float, float, float, float]]] = {
    "constant": [(0.0, 8.0, 100, 100)],
    "step": [(0.0, 2.0, 25, 25), (2.0, 2.0, 50, 50), (4.0, 2.0, 75, 75), (6.0, 2.0, 100, 100)],
    "ramp": [(0.0, 2.0, 10, 32.5), (2.0, 2.0, 32.5, 55), (4.0, 2.0, 55, 77.5), (6.0, 2.0, 77.5, 100)],
    "spike": [(0.0, 3.2, 20, 20), (3.2, 1.6, 100, 100), (4.8, 3.2, 20, 20)],
}
shapes = pytest.mark.parametrize("shape", LEVELS, ids=str)


@shapes
def test_stages_of_a_load_of_either_kind(shape: Shape) -> None:
    expected = [pytest.approx(level) for level in LEVELS[shape]]
    assert [astuple(stage) for stage in stages(OpenLoad(100, 8.0, shape=shape))] == expected
    assert [astuple(stage) for stage in stages(ClosedLoad(100, 8.0, shape=shape))] == expected


@shapes
@pytest.mark.parametrize("arrivals", ["uniform", "poisson"], ids=str)
def test_each_stage_has_the_arrivals_of_its_mean_level(shape: Shape, arrivals: Arrivals) -> None:
    """Of a hundred runs together for Poisson, whose counts have the standard deviation of their root."""
    load = OpenLoad(100, 8.0, 1.0, arrivals=arrivals, shape=shape)
    runs = 100 if arrivals == "poisson" else 1
    at_s = np.concatenate([arrivals_ns(load, seed) for seed in range(runs)]) / 1e9 - 1.0
    first = LEVELS[shape][0][2]
    for start_s, length_s, begin, end in [(-1.0, 1.0, first, first), *LEVELS[shape]]:
        count = np.count_nonzero((at_s >= start_s) & (at_s < start_s + length_s))
        expected = runs * length_s * (begin + end) / 2
        assert count == pytest.approx(expected, abs=1.01 if runs == 1 else 4.5 * np.sqrt(expected))


def test_uniform_arrivals_on_a_ramp_come_where_the_level_adds_up() -> None:
    """From 10 to 100 a second in 9 s the n-th session is due when 10 t + 5 t^2 = n - 1/2."""
    at_s = arrivals_ns(OpenLoad(100, 9.0, 0.0, arrivals="uniform", shape="ramp"), seed=1) / 1e9
    number = np.arange(len(at_s)) + 0.5
    assert len(at_s) == 495
    assert 10 * at_s + 5 * at_s**2 == pytest.approx(number, abs=1e-5)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.sampled_from(sorted(LEVELS)),
    st.sampled_from(["poisson", "uniform"]),
    st.floats(0.5, 2000),
    st.floats(0.1, 3),
    st.sampled_from([0.0, 0.3]),
    st.integers(0, 99),
)
def test_arrivals_of_any_shape_are_sorted_within_the_span(
    shape: Shape, arrivals: Arrivals, rate: float, duration_s: float, warmup_s: float, seed: int
) -> None:
    found = arrivals_ns(OpenLoad(rate, duration_s, warmup_s, arrivals=arrivals, shape=shape), seed)
    assert np.all(np.diff(found) >= 0)
    assert not len(found) or (found[0] >= 0 and found[-1] <= (duration_s + warmup_s) * 1e9)


def test_users_of_a_constant_load_are_there_all_the_time() -> None:
    assert user_spans_s(ClosedLoad(3, 2.0, 0.5)) == ((0.0, 2.5),) * 3


def test_users_of_a_step_come_in_four_groups_and_stay() -> None:
    spans = user_spans_s(ClosedLoad(8, 4.0, 1.0, shape="step"))
    assert [pytest.approx(span) for span in spans] == [
        (0.0, 5.0),
        (0.0, 5.0),
        (2.0, 5.0),
        (2.0, 5.0),
        (3.0, 5.0),
        (3.0, 5.0),
        (4.0, 5.0),
        (4.0, 5.0),
    ]


def test_users_of_a_spike_come_for_the_middle_fifth() -> None:
    spans = user_spans_s(ClosedLoad(5, 5.0, 1.0, shape="spike"))
    assert [pytest.approx(span) for span in spans] == [(0.0, 6.0), *[(3.0, 4.0)] * 4]


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.sampled_from(sorted(LEVELS)), st.integers(1, 60), st.floats(0.01, 0.99))
def test_as_many_users_are_there_as_the_level_says(shape: Shape, users: int, share: float) -> None:
    load = ClosedLoad(users, 8.0, 1.0, shape=shape)
    at_s = 8.0 * share
    stage = next(stage for stage in stages(load) if stage.t_s <= at_s < stage.t_s + stage.duration_s)
    level = stage.first + (stage.last - stage.first) * (at_s - stage.t_s) / stage.duration_s
    there = sum(begin_s <= at_s + 1.0 < end_s for begin_s, end_s in user_spans_s(load))
    if abs(level - round(level)) > 1e-6:  # on the very step, either number is right
        assert there == max(1, int(level))
