"""The Universal Scalability Law, against figures made from it and against a second way of fitting."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.capacity.scaling import Law, bottleneck, fit
from bench.errors import UsageError
from bench.stats.comparison import Comparison

COUNTS = (1, 2, 4, 8, 16, 32)


def exact(rate: float, sigma: float, kappa: float, counts: tuple[int, ...] = COUNTS) -> dict[int, float]:
    return {n: rate * n / (1 + sigma * (n - 1) + kappa * n * (n - 1)) for n in counts}


def test_the_law_by_hand() -> None:
    law = Law(1000.0, 0.1, 0.01)
    assert law.throughput_rps(1) == 1000.0
    assert law.throughput_rps(4) == pytest.approx(4000 / (1 + 0.3 + 0.12))
    assert (law.contention(4), law.coherence(4)) == (pytest.approx(0.3), pytest.approx(0.12))
    assert law.peak_workers == pytest.approx(math.sqrt(90))


def test_the_peak_is_where_throughput_is_highest() -> None:
    law = Law(50.0, 0.02, 0.0005)
    highest = max(np.arange(1, 200, 0.01).tolist(), key=law.throughput_rps)
    assert law.peak_workers == pytest.approx(highest, abs=0.02)
    assert Law(1.0, 0.5, 0.0).peak_workers is None


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    st.floats(0.1, 1e6),
    st.just(0.0) | st.floats(0.001, 0.9),
    st.just(0.0) | st.floats(1e-5, 0.1),
    st.sampled_from([COUNTS, (1, 2, 3), (2, 4, 6), (1, 3, 5, 7)]),
)
def test_exact_figures_give_the_law_they_were_made_from(
    rate: float, sigma: float, kappa: float, counts: tuple[int, ...]
) -> None:
    law = fit(exact(rate, sigma, kappa, counts))
    assert law.rate_rps == pytest.approx(rate, rel=1e-6)
    assert (law.sigma, law.kappa) == (pytest.approx(sigma, abs=1e-6), pytest.approx(kappa, abs=1e-6))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.floats(0.0, 0.5), st.floats(0.0, 0.02), st.integers(0, 2**32))
def test_no_law_near_the_fitted_one_lies_closer(sigma: float, kappa: float, seed: int) -> None:
    """A second way: coordinate descent over the three unknowns from what the figures were made of."""
    rng = Random(seed)
    noisy = {n: x * math.exp(rng.gauss(0, 0.05)) for n, x in exact(1000, sigma, kappa).items()}

    def off(unknowns: tuple[float, ...]) -> float:
        law = Law(*unknowns)
        return sum((x / law.throughput_rps(n) - 1) ** 2 for n, x in noisy.items())

    best, steps = (1000.0, sigma, kappa), (100.0, 0.05, 0.005)
    for shrink in range(60):
        for place, step in enumerate(steps):
            for change in (-step, step):
                moved = list(best)
                moved[place] = max(0.0 if place else 1e-9, best[place] + change * 0.8**shrink)
                best = min(best, (moved[0], moved[1], moved[2]), key=off)
    law = fit(noisy)
    assert law.sigma >= 0
    assert law.kappa >= 0
    assert off((law.rate_rps, law.sigma, law.kappa)) <= off(best) + 1e-9


def test_noise_of_a_few_percent_moves_the_law_little() -> None:
    rng = Random(3)
    noisy = {n: x * math.exp(rng.gauss(0, 0.01)) for n, x in exact(1000, 0.05, 0.002).items()}
    law = fit(noisy)
    assert law.rate_rps == pytest.approx(1000, rel=0.05)
    assert law.sigma == pytest.approx(0.05, abs=0.02)
    assert law.kappa == pytest.approx(0.002, abs=0.0005)


def test_scaling_better_than_linear_has_no_negative_contention() -> None:
    law = fit({1: 100.0, 2: 220.0, 4: 480.0})
    assert (law.sigma, law.kappa) == (0.0, 0.0)
    assert 100 < law.rate_rps < 120


def test_three_unknowns_want_three_figures() -> None:
    with pytest.raises(UsageError, match="at least 3 numbers of workers"):
        fit({1: 100.0, 2: 190.0})


@pytest.mark.parametrize(
    ("sigma", "kappa", "workers", "cpus", "verdict"),
    [
        (0.1, 0.0, 8, 8, "contention"),
        (0.01, 0.005, 8, 8, "coherence"),
        (0.2, 0.005, 8, 8, "contention"),
        (0.0, 0.0, 8, 8, "nothing"),
        (0.005, 0.0, 8, 8, "nothing"),
        (0.9, 0.0, 8, 4, "cores"),
        (0.9, 0.0, 8, 0, "contention"),
    ],
    ids=["queueing", "cross-talk", "both", "linear", "hardly", "too few CPUs", "CPUs unknown"],
)
def test_what_holds_scaling_back(sigma: float, kappa: float, workers: int, cpus: int, verdict: str) -> None:
    """At 8 workers contention weighs 7 sigma and coherence 56 kappa."""
    law = Law(1000.0, sigma, kappa)
    left = law.throughput_rps(workers) / (1000.0 * workers)
    assert bottleneck([law] * 3, kept(0.999 * left, 1.001 * left), workers, cpus) == verdict


def kept(low: float, high: float, rounds: int = 3) -> Comparison:
    return Comparison(ratio=math.sqrt(low * high), low=low, high=high, rounds=rounds)


@pytest.mark.parametrize(
    ("sigmas", "kappas", "left", "verdict"),
    [
        ((0.1, 0.1, 0.1), (0, 0, 0), kept(0.5, 0.7), "contention"),
        ((0.1, 0.1, 0.1), (0, 0, 0), kept(0.3, 1.01), "~"),
        ((0.1, 0.0, 0.1), (0, 0.01, 0), kept(0.5, 0.7), "~"),
        ((0.1, 0.09, 0.11), (0.001, 0.002, 0.001), kept(0.5, 0.7), "contention"),
        ((0.1, 0.1, 0.1), (0, 0, 0), None, "~"),
        ((0.1,), (0,), kept(0.001, 99, rounds=1), "~"),
        ((0, 0, 0), (0, 0, 0), kept(0.96, 1.01), "nothing"),
        ((0, 0, 0), (0, 0, 0), kept(0.90, 1.10), "~"),
    ],
    ids=[
        "a loss is shown",
        "none is shown",
        "the rounds name different brakes",
        "the rounds agree",
        "no round has all",
        "a single round",
        "next to nothing is lost",
        "nothing is shown either way",
    ],
)
def test_a_bottleneck_is_named_where_the_rounds_show_it(
    sigmas: tuple[float, ...], kappas: tuple[float, ...], left: Comparison | None, verdict: str
) -> None:
    """In the fourth 7 sigma are 0.70, 0.63, 0.77, and 56 kappa 0.056, 0.112, 0.056."""
    laws = [Law(1000.0, sigma, kappa) for sigma, kappa in zip(sigmas, kappas, strict=True)]
    assert bottleneck(laws, left, 8, 8) == verdict
