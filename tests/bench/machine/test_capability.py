"""The shift at which repeats fall apart, against probabilities worked out by hand; the words on made-up twins."""

from __future__ import annotations

from math import erf, expm1, log, sqrt

import pytest

from bench.machine.capability import TwinRatios, noise, resolvable, shift


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


# --- twins ---------------------------------------------------------------------------------------


def test_the_noise_of_twins_is_the_spread_of_their_turns() -> None:
    """0.00, 0.03, 0.06: the standard deviation is 3 %, the median 3 %."""
    found = noise("noise of the rate", [0.06, 0.0, 0.03], "requests per second")
    assert found.well
    assert "differ by 3.0% (sd of 3 turns) in requests per second, and by 3.0% in the median" in found.seen


def test_twins_that_differ_by_a_tenth_are_a_warning() -> None:
    found = noise("noise of the CPU", [-0.2, 0.0, 0.2], "CPU time per request")
    assert not found.well
    assert found.advice


def test_what_repeats_resolve_follows_from_the_spread_of_a_turn() -> None:
    """Of two servers that vary alike, each has the variance of their ratio halved."""
    sd = log(1.02)
    found = resolvable(TwinRatios(rates=[-sd, 0.0, sd], costs=[0.0, 0.0, 0.0]))
    rate = expm1(sd / sqrt(2) * shift(3))
    assert f"{rate:.0%} or more in throughput, by 0% in CPU" in found.seen
