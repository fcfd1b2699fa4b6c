"""What is drawn before a comparison begins."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.gates.paired.design import FEWEST_TURNS, MOST_TURNS, offsets_ns, orders, plan_turns, rounds


@given(st.integers(0, 40), st.integers(0, 1000))
@settings(max_examples=40, derandomize=True)
def test_either_side_comes_first_as_often_in_every_two_turns(turns: int, seed: int) -> None:
    drawn = orders(turns, Random(seed))
    assert len(drawn) == turns
    for place in range(0, turns - 1, 2):
        assert sorted(drawn[place : place + 2]) == ["base first", "head first"]


def test_which_comes_first_is_random() -> None:
    firsts = [orders(2, Random(seed))[0] for seed in range(200)]
    assert 60 < firsts.count("base first") < 140  # 5.6 standard deviations


def test_every_round_has_every_member_once_in_an_order_of_its_own() -> None:
    drawn = rounds(range(6), 20, Random(1))
    assert [sorted(one) for one in drawn] == [list(range(6))] * 20
    assert len({tuple(one) for one in drawn}) > 10


@pytest.mark.parametrize(
    ("rate_per_s", "measured"),
    [
        pytest.param(10_000, 64, id="fast: never more than 64"),
        pytest.param(1600, 32, id="20 ms are 32 sessions"),
        pytest.param(50, 8, id="slow: one session a connection"),
    ],
)
def test_slices_take_20_ms_within_bounds(rate_per_s: float, measured: int) -> None:
    found = plan_turns(rate_per_s, pairs=8, budget_s=30)
    assert (found.measured, found.rate_per_s) == (measured, rate_per_s / 2)


@pytest.mark.parametrize("users", [1, 8, 100, 128, 256])
def test_every_connection_has_a_session_in_a_slice(users: int) -> None:
    found = plan_turns(2000, pairs=8, budget_s=30, users=users)
    assert found.measured >= users
    assert found.measured % users == 0


def test_as_many_turns_as_there_is_time_for() -> None:
    # A turn: 2 x (32 + 64) sessions at 4,000/s, 48 ms, and a third of 2 x 64 at 2,000/s, 21.3 ms; of eight 554.7 ms.
    assert plan_turns(4000, pairs=8, budget_s=20).turns == 36


def test_turns_are_bounded() -> None:
    assert [plan_turns(1000, 8, budget_s).turns for budget_s in (0.0, 1e6)] == [FEWEST_TURNS, MOST_TURNS]


def test_arrivals_come_at_the_rate_one_after_the_other() -> None:
    drawn = offsets_ns(5000, 1000.0, Random(3))
    assert drawn == sorted(drawn)
    assert drawn[-1] / 1e9 == pytest.approx(5.0, rel=0.06)  # four standard deviations


def test_the_same_seed_draws_the_same() -> None:
    assert offsets_ns(9, 10.0, Random(4)) == offsets_ns(9, 10.0, Random(4))
