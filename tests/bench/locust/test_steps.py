from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.locust.options import LocustOptions
from bench.locust.steps import check_shape, step_at, steps_of
from bench.stats.objectives import parse_all

OPTIONS = LocustOptions(steps=4, step_s=10.0, spike=3.0)


def test_steps_grow_evenly_to_the_wanted_users() -> None:
    steps = steps_of("steps", 10, OPTIONS)
    assert [step.users for step in steps] == [3, 5, 8, 10]
    assert steps[1].name == "step 2: 5 users"
    assert {step.length_s for step in steps} == {10.0}


@given(st.integers(1, 10_000), st.integers(1, 50))
def test_no_step_has_as_many_users_as_the_one_before(users: int, count: int) -> None:
    sizes = [step.users for step in steps_of("ramp-to-capacity", users, LocustOptions(steps=count))]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == users
    assert len(sizes) == min(users, count)


def test_a_spike_is_between_two_equal_steps() -> None:
    assert [step.users for step in steps_of("spike", 10, OPTIONS)] == [10, 30, 10]


def test_open_arrivals_have_no_end() -> None:
    steps = steps_of("open-arrivals", 10, OPTIONS)
    assert step_at(steps, 1e9) == 0


@pytest.mark.parametrize(("run_s", "place"), [(0.0, 0), (9.9, 0), (10.0, 1), (39.9, 3), (40.0, None)])
def test_a_step_ends_when_the_next_begins(run_s: float, place: int | None) -> None:
    assert step_at(steps_of("steps", 10, OPTIONS), run_s) == place


def test_shapes_say_what_they_lack() -> None:
    with pytest.raises(UsageError, match="unknown shape 'spikes'; did you mean 'spike'"):
        check_shape("spikes", OPTIONS)
    with pytest.raises(UsageError, match="give --slo"):
        check_shape("ramp-to-capacity", OPTIONS)
    with pytest.raises(UsageError, match="give --rate"):
        check_shape("open-arrivals", OPTIONS)
    with pytest.raises(UsageError, match="give --step-time 12 or more"):
        check_shape("steps", OPTIONS, least_step_s=12.0)
    check_shape("open-arrivals", LocustOptions(rate_per_s=5.0), least_step_s=60.0)
    check_shape("ramp-to-capacity", LocustOptions(slos=parse_all(["p99<1s"])), least_step_s=6.0)
