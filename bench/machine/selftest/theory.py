"""Response times that theory gives for the behaviours, and how far those of a short run stray from them. Pure.

M/M/1 and M/D/1 under first come, first served: L. Kleinrock, Queueing Systems I (1975), chapters 3 and 5. The waiting
time of M/D/1: A. K. Erlang (1909), in the form of V. B. Iversen and L. Staalhagen, "Waiting time distribution in M/D/1
queueing systems", Electronics Letters 35 (1999).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Service = Literal["exponential", "constant"]

_RUNS = 2000
_TAIL = 0.0005


@dataclass(frozen=True, slots=True)
class Band:
    """The figure by theory, and the interval in which 99.9 % of the runs of this length lie."""

    expected: float
    low: float
    high: float


def mean_response_s(arrivals_per_s: float, service_s: float, service: Service) -> float:
    """Mean time in the system of M/M/1 or M/D/1: Pollaczek and Khinchine. Raises ValueError at a load of 1 or more."""
    load = _load(arrivals_per_s, service_s)
    half = 1.0 if service == "exponential" else 0.5
    return service_s + half * load * service_s / (1 - load)


def response_quantile_s(share: float, arrivals_per_s: float, service_s: float, service: Service) -> float:
    """The time in the system that this share of the requests does not exceed. Raises ValueError as above."""
    load = _load(arrivals_per_s, service_s)
    if service == "exponential":
        return -math.log(1 - share) * service_s / (1 - load)
    return service_s + _first_at_least(
        share, lambda t_s: md1_wait_cdf(t_s, arrivals_per_s, service_s), service_s
    )


def md1_wait_cdf(t_s: float, arrivals_per_s: float, service_s: float) -> float:
    """Probability that a request of M/D/1 waits no longer than this before its service begins.

    The terms alternate and cancel: good for waits of up to about 15 services.
    """
    load = _load(arrivals_per_s, service_s)
    terms = (
        (-arrivals_per_s * (t_s - k * service_s)) ** k
        / math.factorial(k)
        * math.exp(arrivals_per_s * (t_s - k * service_s))
        for k in range(math.floor(t_s / service_s) + 1)
    )
    return (1 - load) * math.fsum(terms)


def freeze_quantile_s(share: float, every_s: float, for_s: float) -> float:
    """Of requests that arrive evenly: the wait for the end of a freeze that this share does not exceed."""
    return max(0.0, for_s - (1 - share) * every_s)


def freeze_band(every_s: float, for_s: float, requests: int) -> Band:
    """p99 of the wait for the end of a freeze in runs of so many requests, as `bands`."""
    rng = np.random.default_rng(1)
    waits = np.maximum(0.0, for_s - rng.uniform(0.0, every_s, (_RUNS, requests)))
    p99s = np.quantile(waits, 0.99, axis=1).tolist()
    return _band(freeze_quantile_s(0.99, every_s, for_s), p99s)


def bands(
    arrivals_per_s: float, service_s: float, service: Service, requests: int, before: int = 0
) -> dict[str, Band]:
    """`mean` and `p99` in seconds, for runs of so many requests after `before` that are not counted.

    The interval comes from 2,000 simulated runs with a fixed seed.
    """
    rng = np.random.default_rng(1)
    found = [
        simulate(arrivals_per_s, service_s, service, before + requests, rng)[before:] for _ in range(_RUNS)
    ]
    means, p99s = [float(run.mean()) for run in found], [float(np.quantile(run, 0.99)) for run in found]
    return {
        "mean": _band(mean_response_s(arrivals_per_s, service_s, service), means),
        "p99": _band(response_quantile_s(0.99, arrivals_per_s, service_s, service), p99s),
    }


def simulate(
    arrivals_per_s: float, service_s: float, service: Service, requests: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Response times of requests to an idle server under Poisson arrivals: Lindley's recursion, unrolled."""
    arrived = np.cumsum(rng.exponential(1 / arrivals_per_s, requests))
    took = rng.exponential(service_s, requests) if service == "exponential" else np.full(requests, service_s)
    return departures(arrived, took) - arrived


def departures(arrived: NDArray[np.float64], took: NDArray[np.float64]) -> NDArray[np.float64]:
    """When each request leaves a single server: the later of its arrival and the last departure, and its service."""
    work = np.cumsum(took)
    leaves: NDArray[np.float64] = work + np.maximum.accumulate(arrived - (work - took))
    return leaves


def _load(arrivals_per_s: float, service_s: float) -> float:
    load = arrivals_per_s * service_s
    if load >= 1:
        raise ValueError(f"a load of {load:.2f} has no steady state; 1 is the limit")
    return load


def _first_at_least(share: float, cdf: Callable[[float], float], step_s: float) -> float:
    """The smallest time at which a distribution reaches a share, by bisection."""
    high_s = 0.0
    while cdf(high_s) < share:
        high_s += step_s
    low_s = max(0.0, high_s - step_s)
    for _ in range(60):
        middle_s = (low_s + high_s) / 2
        low_s, high_s = (low_s, middle_s) if cdf(middle_s) >= share else (middle_s, high_s)
    return high_s


def _band(expected: float, runs: list[float]) -> Band:
    low, high = np.quantile(runs, (_TAIL, 1 - _TAIL)).tolist()
    return Band(expected, low, high)
