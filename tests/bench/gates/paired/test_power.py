"""Power by hand and by simulation."""

from __future__ import annotations

import math
from random import Random

import pytest

from bench.gates.paired.design import ALPHA_LOOK
from bench.gates.paired.power import mde, power
from bench.stats.signed_rank import p_above, p_value


def test_power_by_hand() -> None:
    # ln 1.02 / 0.02 = 0.990. 16 pairs attain 0.0107: Phi(0.990 x sqrt(15 x 3 / pi) - 2.301) = 0.925.
    # Eight fresh ones attain 0.0391: Phi(0.990 x sqrt(7 x 3 / pi) - 1.761) = 0.787.
    assert power(0.02, 0.02, 16, 8) == pytest.approx(0.925 * 0.787, abs=0.003)


def test_too_few_pairs_find_nothing_however_large() -> None:
    assert (power(5.0, 0.01, 6, 8), mde(0.01, 6, 8)) == (0.0, math.inf)


def test_the_smallest_change_is_found_and_confirmed_in_95_of_100() -> None:
    """By simulation of the last look and its confirmation, with the exact tests that a comparison uses."""
    least, rng, found = mde(0.02, 24, 8), Random(11), 0
    for _ in range(400):
        pairs = [rng.gauss(math.log1p(least), 0.02) for _ in range(24)]
        fresh = [rng.gauss(math.log1p(least), 0.02) for _ in range(8)]
        found += p_value(pairs) <= ALPHA_LOOK and p_above(fresh) <= 0.05
    assert 0.90 < found / 400 < 0.985
