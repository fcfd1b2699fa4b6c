"""Against enumeration."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats.sign_test import p_above


@given(st.lists(st.sampled_from([-2.0, -0.1, 0.0, 0.1, 5.0]), max_size=9))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_p_is_that_of_all_signs(values: list[float]) -> None:
    signed = [value for value in values if value]
    above = sum(value > 0 for value in signed)
    ways = [sum(signs) for signs in itertools.product((0, 1), repeat=len(signed))]
    assert p_above(values) == pytest.approx(sum(count >= above for count in ways) / len(ways))


def test_it_is_exact_however_many_there_are() -> None:
    # P(X >= 900 + 43) of 1,800: the normal approximation with continuity correction says 0.0226.
    assert p_above([1.0] * 943 + [-1.0] * 857) == pytest.approx(0.0226, abs=0.0003)
    assert p_above([1.0] * 1000) == 2.0**-1000
