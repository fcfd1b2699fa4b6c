"""Pauses before a server that dropped connections is asked again."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.engines.backoff import pause_ns

MS = 1_000_000


@pytest.mark.parametrize(
    ("setbacks", "middle_ms"),
    [(0, 0), (8, 0), (9, 20), (10, 40), (12, 160), (13, 320), (14, 500), (100_000, 500)],
)
def test_pauses_double_up_to_half_a_second(setbacks: int, middle_ms: float) -> None:
    drawn = [pause_ns(setbacks, Random(seed)) for seed in range(400)]
    assert sum(drawn) / len(drawn) == pytest.approx(middle_ms * MS, rel=0.05)
    assert len(set(drawn)) == (1 if middle_ms == 0 else 400), "no two clients come back at the same moment"


@given(st.integers(0, 50), st.integers())
def test_a_pause_is_within_half_of_its_middle(setbacks: int, seed: int) -> None:
    assert 0 <= pause_ns(setbacks, Random(seed)) <= 750 * MS
