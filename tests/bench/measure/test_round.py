"""When a group has rotated enough; test_runner.py measures whole rounds on real servers."""

from __future__ import annotations

import math
import time

import pytest

from bench.measure.round import FEWEST_ROTATIONS, GOOD_ROTATIONS, Rotations, _is_enough


@pytest.mark.parametrize(
    ("rotations", "is_enough"),
    [(0, False), (GOOD_ROTATIONS - 1, False), (GOOD_ROTATIONS, True)],
)
def test_without_a_time_there_are_as_many_rotations_as_are_good(rotations: int, is_enough: bool) -> None:
    assert _is_enough(rotations, Rotations()) is is_enough


@pytest.mark.parametrize(
    ("rotations", "left_s", "is_enough"),
    [
        (FEWEST_ROTATIONS - 1, -5.0, False),
        (FEWEST_ROTATIONS, -5.0, True),
        (FEWEST_ROTATIONS, 60.0, False),
        (100 * GOOD_ROTATIONS, 60.0, False),
    ],
    ids=[
        "too few, though time is up",
        "the fewest, and time is up",
        "time is left",
        "all of the time is used",
    ],
)
def test_a_group_rotates_until_its_time_is_up_and_a_few_times_at_least(
    rotations: int, left_s: float, is_enough: bool
) -> None:
    assert _is_enough(rotations, Rotations(until_s=time.monotonic() + left_s)) is is_enough


@pytest.mark.parametrize("until_s", [None, math.inf], ids=["as many as are good", "until a time"])
def test_it_stops_at_once_when_nothing_may_be_sent_any_more(until_s: float | None) -> None:
    now_s = time.monotonic()
    assert _is_enough(0, Rotations(until_s=until_s, stop_s=now_s))
    assert not _is_enough(0, Rotations(until_s=until_s, stop_s=now_s + 60))
