"""Formulas against numbers by hand and against a queue that is simulated step by step."""

from __future__ import annotations

from math import exp, log
from random import Random

import numpy as np
import pytest

from bench.machine.selftest.theory import (
    Service,
    bands,
    departures,
    freeze_band,
    freeze_quantile_s,
    md1_wait_cdf,
    mean_response_s,
    response_quantile_s,
    simulate,
)


def test_mm1_by_hand() -> None:
    """2 arrivals a second, 3 services a second: the response is exponential with a rate of 1 a second."""
    assert mean_response_s(2, 1 / 3, "exponential") == pytest.approx(1.0)
    assert response_quantile_s(0.99, 2, 1 / 3, "exponential") == pytest.approx(log(100))
    assert response_quantile_s(0.5, 2, 1 / 3, "exponential") == pytest.approx(log(2))


def test_md1_by_hand() -> None:
    """Half loaded, a service of 1 s: half a service of waiting on average.

    Nobody waits with the probability that the server is idle, 1/2; a wait of up to one service: 1/2 e^(1/2); of up to
    two: 1/2 (e - e^(1/2) / 2).
    """
    assert mean_response_s(0.5, 1.0, "constant") == pytest.approx(1.5)
    assert md1_wait_cdf(0.0, 0.5, 1.0) == pytest.approx(0.5)
    assert md1_wait_cdf(0.999999, 0.5, 1.0) == pytest.approx(0.5 * exp(0.5), rel=1e-5)
    assert md1_wait_cdf(2.0, 0.5, 1.0) == pytest.approx(0.5 * (exp(1.0) - 0.5 * exp(0.5)))
    assert response_quantile_s(0.5, 0.5, 1.0, "constant") == pytest.approx(1.0)


def test_a_full_load_has_no_steady_state() -> None:
    with pytest.raises(ValueError, match=r"1\.00"):
        mean_response_s(2, 0.5, "constant")


def test_departures_are_those_of_a_queue_taken_step_by_step() -> None:
    rng = Random(3)
    arrived, took, free, expected = [], [], 0.0, []
    at = 0.0
    for _ in range(500):
        at += rng.expovariate(1.0)
        service = rng.uniform(0.0, 1.6)
        free = max(free, at) + service
        arrived.append(at)
        took.append(service)
        expected.append(free)

    assert departures(np.array(arrived), np.array(took)) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("service", ["exponential", "constant"])
def test_a_long_simulation_comes_to_the_formulas(service: Service) -> None:
    times = simulate(250, 0.002, service, 1_000_000, np.random.default_rng(5))

    assert times.mean() == pytest.approx(mean_response_s(250, 0.002, service), rel=0.01)
    for share in (0.5, 0.9, 0.99):
        expected = response_quantile_s(share, 250, 0.002, service)
        assert np.quantile(times, share) == pytest.approx(expected, rel=0.02)


def test_bands_hold_the_expected_and_narrow_with_the_length() -> None:
    short, long = (bands(250, 0.002, "constant", requests, 75) for requests in (300, 3000))
    for label in ("mean", "p99"):
        assert short[label].low < short[label].expected < short[label].high
        assert long[label].high - long[label].low < short[label].high - short[label].low


def test_who_arrives_in_the_first_part_of_a_freeze_waits_longest() -> None:
    """A fifth of the arrivals meet a freeze of 0.3 s: 1 % of all, a twentieth of these, wait for 0.285 s or more."""
    assert freeze_quantile_s(0.99, 1.5, 0.3) == pytest.approx(0.285)
    assert freeze_quantile_s(0.9, 1.5, 0.3) == pytest.approx(0.15)
    assert freeze_quantile_s(0.5, 1.5, 0.3) == 0
    band = freeze_band(1.5, 0.3, 1350)
    assert 0.26 < band.low < band.expected < band.high <= 0.3
