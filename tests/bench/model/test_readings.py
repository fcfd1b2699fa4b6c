"""Shares of the time of CPUs, reckoned by hand."""

from __future__ import annotations

import pytest

from bench.model.readings import CpuTimes, busy_share, others_share, steal_share


def times(
    at_s: float, used: tuple[float, ...], idle: tuple[float, ...], steal: tuple[float, ...]
) -> CpuTimes:
    return CpuTimes(at_ns=round(at_s * 1e9), used_s=used, idle_s=idle, steal_s=steal)


BEFORE = times(10, (5.0, 7.0), (3.0, 1.0), (0.0, 0.5))
AFTER = times(12, (6.0, 8.6), (3.9, 1.2), (0.1, 0.7))
"""In two seconds the first CPU is used for 1 s and idle for 0.9 s, the other for 1.6 s and 0.2 s."""


@pytest.mark.parametrize(
    ("cpus", "steal", "busy"),
    [((0,), 0.05, 0.55), ((1,), 0.1, 0.9), ((0, 1), 0.075, 0.725), ((), 0.075, 0.725)],
    ids=["one", "the other", "both", "none named: all"],
)
def test_stolen_and_busy_time_are_shares_of_the_cpus_named(
    cpus: tuple[int, ...], steal: float, busy: float
) -> None:
    assert steal_share(BEFORE, AFTER, cpus) == pytest.approx(steal)
    assert busy_share(BEFORE, AFTER, cpus) == pytest.approx(busy)


@pytest.mark.parametrize(
    ("cpus", "ours_s", "share"),
    [
        pytest.param((0,), 0.4, 0.3, id="0.6 s of 2 s are not ours"),
        pytest.param((0, 1), 1.0, 0.4, id="1.6 s of 4 s are not ours"),
        pytest.param((0,), 1.1, 0.0, id="ours are a little more than all: ticks"),
        pytest.param((), 0.0, 0.0, id="no CPU named"),
        pytest.param((7,), 0.0, 0.0, id="a CPU that is not there"),
    ],
)
def test_what_others_took_is_the_rest_of_the_used_time(
    cpus: tuple[int, ...], ours_s: float, share: float
) -> None:
    assert others_share(BEFORE, AFTER, cpus, ours_s) == pytest.approx(share)


def test_a_share_never_leaves_its_bounds() -> None:
    late = times(12, (7.0,), (2.9,), (0.0,))
    early = times(10, (5.0,), (3.0,), (0.0,))
    assert busy_share(early, late, (0,)) == 1.0
    idle = times(12, (5.0,), (5.1,), (0.0,))
    assert busy_share(early, idle, (0,)) == 0.0
