"""What a ceiling allows at once and for ever: together never more than it says."""

from __future__ import annotations

import pytest

from bench.model.attachment import burst_under, steady_rps

ALLOWED = {0.5: (1, 0.5), 1: (1, 1), 19: (1, 19), 20: (2, 19), 100: (10, 91), 1000: (100, 901)}


@pytest.mark.parametrize(("most_rps", "expected"), ALLOWED.items(), ids=map(str, ALLOWED))
def test_a_tenth_may_leave_at_once_and_the_rest_follows(most_rps: float, expected: tuple[int, float]) -> None:
    assert (burst_under(most_rps), steady_rps(most_rps)) == expected


@pytest.mark.parametrize("most_rps", range(1, 500))
def test_a_burst_and_what_follows_it_within_a_second_are_the_ceiling(most_rps: int) -> None:
    """The burst leaves at the begin of a second; after it a request leaves each time that a place comes free."""
    assert burst_under(most_rps) - 1 + steady_rps(most_rps) == most_rps
