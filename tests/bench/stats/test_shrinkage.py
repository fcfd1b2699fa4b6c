"""What the variances of others are worth, by hand and by simulation."""

from __future__ import annotations

import math
from random import Random

import pytest

from bench.stats.comparison import compare
from bench.stats.families import dunnett_critical
from bench.stats.shrinkage import Family, family_of, prior_freedom


@pytest.mark.parametrize(
    ("variances", "degree", "expected"),
    [
        ([1.0, 1.0, 1.0], 5, 0),
        ([1.0, 1.0, 1.0, 1.0], 5, 15),
        ([0.0, 0.0, 0.0, 0.0], 5, 0),
        ([1.0, 1.0, 1.0, 5.0], 5, 8),
    ],
    ids=["too few", "alike: three times as many", "without any", "scatter 5 of mean 2, variance 4: 26 / 3"],
)
def test_freedom_by_hand(variances: list[float], degree: int, expected: int) -> None:
    assert prior_freedom(variances, degree) == expected


def test_variances_that_differ_widely_are_worth_little() -> None:
    rng = Random(2)

    def draw(sigmas: list[float]) -> float:
        made = [[sum(rng.gauss(0, s) ** 2 for _ in range(5)) / 5 for s in sigmas] for _ in range(200)]
        return sum(prior_freedom(variances, 5) for variances in made) / len(made)

    assert draw([1.0] * 8) > 12
    assert draw([0.1] * 7 + [5.0]) < 6


def test_a_family_of_comparisons_lends_strength_where_they_are_alike() -> None:
    """Five of sd 0.01 over four rounds: worth 9 degrees beside the own 3, and the variance stays the same."""
    logs = [[0.1 * at + 0.01 * math.sqrt(0.75) * way for way in (1, -1, 1, -1)] for at in range(5)]
    family = family_of(logs)
    assert (family.comparisons, family.freedom) == (5, 9)
    assert family.variance == pytest.approx(0.01**2)
    found, alone = compare(logs[2], family), compare(logs[2], 5)
    assert found is not None
    assert alone is not None
    assert math.log(found.high / found.ratio) == pytest.approx(dunnett_critical(5, 13) * 0.005)
    assert found.half_width < alone.half_width


def test_families_of_unequal_rounds_or_a_single_one_lend_nothing() -> None:
    assert family_of([[0.1, 0.2], [0.1, 0.2, 0.3]] * 3) == Family(6)
    assert family_of([[0.1], [0.2], [0.3], [0.4]]) == Family(4)


def test_features_of_a_plan_hold_together_in_95_percent() -> None:
    """14 against one base over 6 rounds; processes differ by 1 to 4 %."""
    rng, held, runs = Random(8), 0, 600
    for _ in range(runs):
        base = [rng.gauss(0, 0.02) for _ in range(6)]
        logs = [[rng.gauss(0, 0.01 + 0.03 * place / 13) - its for its in base] for place in range(14)]
        family = family_of(logs)
        found = [one for some in logs if (one := compare(some, family))]
        held += all(one.low <= 1 <= one.high for one in found)
    assert 0.93 <= held / runs <= 0.98
