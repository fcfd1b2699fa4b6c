"""Offsets of clocks, against clocks that were made up: their true offset and drift are known."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.locust.clocks import SAME_CLOCK, ClockExchange, ClockShift, SteadyTime, best, monotonic_clock

NS = st.integers(0, 10**9)
OFFSET = st.integers(-(10**15), 10**15)


def exchange(sent_ns: int, offset_ns: int, there_ns: int, back_ns: int, thinks_ns: int = 0) -> ClockExchange:
    """One with a clock of a true offset, and of known times on the way."""
    received_ns = sent_ns + there_ns + offset_ns
    answered_ns = received_ns + thinks_ns
    return ClockExchange(sent_ns, received_ns, answered_ns, answered_ns - offset_ns + back_ns)


def test_the_example_of_the_standard_by_hand() -> None:
    """A clock that is 5 ms ahead; 2 ms there, 1 ms to think, 2 ms back."""
    one = ClockExchange(100_000_000, 107_000_000, 108_000_000, 105_000_000)
    assert (one.round_trip_ns, one.offset_ns) == (4_000_000, 5_000_000)


@given(NS, OFFSET, NS, NS, NS)
def test_an_offset_is_wrong_by_half_a_round_trip_at_most(
    sent_ns: int, offset_ns: int, there_ns: int, back_ns: int, thinks_ns: int
) -> None:
    one = exchange(sent_ns, offset_ns, there_ns, back_ns, thinks_ns)
    assert one.round_trip_ns == there_ns + back_ns
    assert abs(one.offset_ns - offset_ns) <= one.round_trip_ns / 2 + 1


@given(st.lists(st.tuples(NS, NS), min_size=1), OFFSET)
def test_of_several_the_quickest_counts(ways: list[tuple[int, int]], offset_ns: int) -> None:
    found = best(exchange(0, offset_ns, there, back) for there, back in ways)
    assert found
    assert found.round_trip_ns == min(there + back for there, back in ways)


def test_of_none_there_is_none() -> None:
    assert best(()) is None


@given(st.lists(NS, min_size=1), OFFSET, st.integers(-50, 50))
def test_times_of_a_clock_that_drifts_are_ours_again(
    ours_ns: list[int], offset_ns: int, drift_ppm: int
) -> None:
    def theirs(our_ns: int) -> int:
        return our_ns + offset_ns + our_ns * drift_ppm // 10**6

    def asked(our_ns: int) -> ClockExchange:
        return ClockExchange(our_ns, theirs(our_ns), theirs(our_ns), our_ns)

    translation = ClockShift(asked(0), asked(10**9))
    found = translation.to_ours(np.array([theirs(one) for one in ours_ns], dtype=np.int64))
    assert np.abs(found - np.array(ours_ns)).max() <= 2


def test_times_outside_of_both_exchanges_have_the_offset_of_the_nearer() -> None:
    translation = ClockShift(ClockExchange(1000, 1100, 1100, 1000), ClockExchange(2000, 2300, 2300, 2000))
    assert translation.to_ours(np.array([0, 1100, 2300, 9999])).tolist() == [-100, 1000, 2000, 9699]


def test_times_of_the_same_clock_stay() -> None:
    times = np.array([1, 2**62])
    assert ClockShift(SAME_CLOCK, SAME_CLOCK).to_ours(times).tolist() == times.tolist()


def test_steady_time_is_the_time_of_day_and_goes_on_when_that_is_set() -> None:
    steady = SteadyTime()
    assert abs(steady.time() - time.time()) < 1
    before_ns, now_s, after_ns = time.monotonic_ns(), steady.time(), time.monotonic_ns()
    assert before_ns - 1000 <= now_s * 1e9 - steady.base_ns <= after_ns + 1000


def test_processes_of_one_machine_name_the_same_clock() -> None:
    code = "from bench.locust.clocks import monotonic_clock; print(monotonic_clock())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == monotonic_clock() != ""
