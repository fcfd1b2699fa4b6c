"""The shift at which repeats fall apart, against probabilities worked out by hand."""

from __future__ import annotations

from math import erf, sqrt

import pytest

from bench.machine.capability import shift


def normal_cdf(x: float) -> float:
    return (1 + erf(x / sqrt(2))) / 2


@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
def test_two_single_repeats_differ_by_a_normal_of_variance_two(power: float) -> None:
    """P(low < high + shift) for two unit normals is the normal CDF of shift / sqrt(2)."""
    found = shift(1, power, trials=40_000)
    assert normal_cdf(found / sqrt(2)) == pytest.approx(power, abs=0.01)


def test_no_shift_gives_the_chance_of_a_full_separation() -> None:
    """Of the 20 orders of three and three equal things, one has all of one side first."""
    assert shift(3, power=1 / 20, trials=40_000) == pytest.approx(0.0, abs=0.03)


def test_more_repeats_are_harder_to_part() -> None:
    assert shift(2) < shift(3) < shift(6)
