"""What the variances of others are worth, by hand and by simulation."""

from __future__ import annotations

from random import Random

import pytest

from bench.stats.shrinkage import prior_freedom


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
