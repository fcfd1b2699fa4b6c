from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.locust.timetable import Arrivals, SteadyPace, ThinkTimes


def test_pauses_follow_each_session_but_none_comes_before_the_first() -> None:
    pauses = ThinkTimes(2.0, Random(1))
    assert pauses.next_s(10.0) == 10.0
    lengths = [pauses.next_s(10.0) - 10.0 for _ in range(20_000)]
    assert np.mean(lengths) == pytest.approx(2.0, rel=0.05)
    assert np.std(lengths) == pytest.approx(2.0, rel=0.05)  # that of an exponential distribution is its mean
    assert not pauses.are_due


def test_a_pause_of_0_is_none() -> None:
    pauses = ThinkTimes(0.0, Random(1))
    assert [pauses.next_s(now_s) for now_s in (1.0, 2.0)] == [1.0, 2.0]


def test_a_pace_is_kept_however_late_its_sessions_end() -> None:
    pace = SteadyPace(0.5)
    assert [pace.next_s(now_s) for now_s in (10.0, 10.1, 12.0, 12.1)] == [10.0, 10.5, 11.0, 11.5]
    assert pace.are_due


def test_arrivals_come_at_their_rate_whoever_takes_them() -> None:
    arrivals = Arrivals(50.0, Random(1))
    due_s = [arrivals.next_s(5.0) for _ in range(20_000)]
    assert due_s == sorted(due_s)
    assert due_s[0] > 5.0
    gaps_s = np.diff(due_s)
    assert np.mean(gaps_s) == pytest.approx(0.02, rel=0.05)
    assert np.std(gaps_s) == pytest.approx(0.02, rel=0.05)
    assert arrivals.shed == 0


def test_an_arrival_that_is_given_back_is_the_next_to_be_taken() -> None:
    arrivals = Arrivals(1.0, Random(1))
    first, second = arrivals.next_s(0.0), arrivals.next_s(0.0)
    arrivals.give_back(second)
    arrivals.give_back(first)
    assert [arrivals.next_s(0.0), arrivals.next_s(0.0)] == [first, second]
    assert arrivals.next_s(0.0) > second


@given(st.integers(0, 100), st.lists(st.floats(0.01, 5.0), min_size=1, max_size=30))
def test_each_arrival_is_taken_or_shed_once(seed: int, busy_s: list[float]) -> None:
    """One user, busy for a while after each arrival: what comes meanwhile is shed, and nothing else is."""
    expected, sheds = Arrivals(1.0, Random(seed)), Arrivals(1.0, Random(seed), sheds=True)
    all_s = [expected.next_s(0.0) for _ in range(1000)]
    now_s, taken_s = 0.0, []
    for span_s in busy_s:
        taken_s.append(sheds.next_s(now_s))
        now_s = taken_s[-1] + span_s
    place = all_s.index(taken_s[-1])
    assert sheds.shed == place + 1 - len(taken_s)
    assert set(taken_s) <= set(all_s)
    assert all(
        after - before >= span_s for before, after, span_s in zip(taken_s, taken_s[1:], busy_s, strict=False)
    )
