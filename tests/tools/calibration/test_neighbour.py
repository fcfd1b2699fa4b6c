from __future__ import annotations

import itertools
import statistics
import time

import pytest

from tools.calibration.neighbour import MEAN_S, disturb, phases


def test_phases_of_work_and_rest_take_turns_and_last_as_long_as_is_said() -> None:
    found = list(phases(1, 500.0))
    assert sum(length_s for _, length_s in found) == pytest.approx(500)
    assert all(first[0] != second[0] for first, second in itertools.pairwise(found))
    assert found[0][0]


def test_lengths_are_random_and_those_of_a_seed() -> None:
    assert list(phases(1, 100.0)) == list(phases(1, 100.0))
    assert list(phases(1, 100.0)) != list(phases(2, 100.0))
    lengths_s = [length_s for _, length_s in phases(3, 2000.0)]
    assert statistics.fmean(lengths_s) == pytest.approx(MEAN_S, rel=0.1)


def test_it_takes_half_a_core_at_most() -> None:
    began_s, cpu_s = time.monotonic(), time.thread_time()
    disturb(0.2)
    share = (time.thread_time() - cpu_s) / (time.monotonic() - began_s)
    assert 0 < share < 0.75
