"""How often intervals hold the truth under realistic noise, by simulation with a fixed seed.

A machine whose speed walks by 30 % a round and is 20 % slower for half of every other one; processes that differ by 1
to 4 % for as long as they live, each setup by an amount of its own; slices that are 3 to 8 % off and alike from one
rotation to the next (AR(1) of 0.4); one slice in 20 that lasts 1.7 times as long as it should.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.stats.best import compare_with_best
from bench.stats.comparison import compare, robust_mean

Figures = NDArray[np.float64]

SETUPS, ROTATIONS, RUNS = 8, 10, 350
EQUAL = [0.0] * SETUPS
"""Logarithms of the true throughputs."""
STEPS = [-0.03 * place for place in range(SETUPS)]
HARD = [0.0, 0.0, 0.0, -0.01, -0.05, -0.1, -0.3, -0.6]


def simulate(truth: Sequence[float], rounds: int, runs: int, seed: int) -> Figures:
    """Logarithms of the slices' throughputs by run, round, rotation and setup, setups in random order."""
    rng = np.random.default_rng(seed)
    shape, slices = (runs, rounds, ROTATIONS, SETUPS), ROTATIONS * SETUPS
    walk = rng.normal(0, 0.30 / math.sqrt(slices), (runs, rounds, slices)).cumsum(axis=-1)
    begin = rng.integers(-slices // 2, slices, (runs, rounds, 1))
    at = np.arange(slices)
    slow = (rng.random((runs, rounds, 1)) < 0.5) & (at >= begin) & (at < begin + slices // 2)
    machine = walk + np.where(slow, math.log(0.8), 0.0)
    order = rng.random(shape).argsort(axis=-1) + SETUPS * np.arange(ROTATIONS)[:, None]
    speed = np.take_along_axis(machine, order.reshape(runs, rounds, slices), axis=-1).reshape(shape)
    own = rng.normal(0, 1, (runs, rounds, 1, SETUPS)) * rng.permutation(np.linspace(0.01, 0.04, SETUPS))
    noise = rng.normal(0, 1, shape)
    for rotation in range(1, ROTATIONS):
        noise[:, :, rotation] = 0.4 * noise[:, :, rotation - 1] + math.sqrt(0.84) * noise[:, :, rotation]
    noise *= rng.permutation(np.linspace(0.03, 0.08, SETUPS))
    late = np.where(rng.random(shape) < 0.05, -math.log(1.7), 0.0)
    figures: Figures = np.asarray(truth) + speed + own + noise + late
    return figures


def round_ratios(figures: Figures) -> Figures:
    """Log ratios by run, round, base and head: `robust_mean` of the rotations, for all at once."""
    first, second = np.triu_indices(ROTATIONS)
    found = np.zeros((*figures.shape[:2], SETUPS, SETUPS))
    for base in range(SETUPS):
        for head in range(base + 1, SETUPS):
            logs = figures[..., head] - figures[..., base]
            found[:, :, base, head] = np.median((logs[..., first] + logs[..., second]) / 2, axis=-1)
            found[:, :, head, base] = -found[:, :, base, head]
    return found


@pytest.fixture(scope="module", params=[6, 8, 10], ids=lambda rounds: f"{rounds} rounds")
def runs(request: pytest.FixtureRequest) -> list[tuple[Sequence[float], Figures]]:
    """Runs of each truth, with their log ratios."""
    rounds = int(request.param)
    return [
        (truth, found)
        for seed, truth in enumerate((EQUAL, STEPS, HARD))
        for found in round_ratios(simulate(truth, rounds, RUNS, seed + 10 * rounds))
    ]


def test_the_simulation_takes_the_robust_mean_of_the_rule() -> None:
    figures = simulate(STEPS, 2, 1, 0)
    expected = robust_mean((figures[0, 1, :, 5] - figures[0, 1, :, 2]).tolist())
    assert round_ratios(figures)[0, 1, 2, 5] == pytest.approx(expected)


def holds(truth: Sequence[float], ratios: Figures, base: int, head: int, family: int) -> bool:
    found = compare(ratios[:, base, head].tolist(), family)
    assert found is not None
    return found.low <= math.exp(truth[head] - truth[base]) <= found.high


def test_a_single_comparison_holds_the_truth_in_95_percent(
    runs: list[tuple[Sequence[float], Figures]],
) -> None:
    pairs = [(0, 1), (2, 3), (4, 5), (6, 7)]
    held = [holds(truth, ratios, *pair, 1) for truth, ratios in runs for pair in pairs]
    assert 0.93 <= np.mean(held) <= 0.97


def test_a_family_against_one_base_holds_together_in_95_percent(
    runs: list[tuple[Sequence[float], Figures]],
) -> None:
    held = [
        all(holds(truth, ratios, 0, head, SETUPS - 1) for head in range(1, SETUPS)) for truth, ratios in runs
    ]
    assert 0.93 <= np.mean(held) <= 0.97


def test_standings_hold_together_in_95_percent_at_least(runs: list[tuple[Sequence[float], Figures]]) -> None:
    held, wrong = [], 0
    for truth, ratios in runs[::3]:
        logs = {
            (str(base), str(head)): ratios[:, base, head].tolist()
            for base in range(SETUPS)
            for head in range(SETUPS)
            if base != head
        }
        found = compare_with_best(logs, [str(place) for place in range(SETUPS)], "higher")
        behind = {one.name: math.exp(truth[int(one.name)] - max(truth)) for one in found}
        held.append(all(one.low - 1e-9 <= behind[one.name] <= one.high + 1e-9 for one in found))
        wrong += any(one.verdict == "worse" and behind[one.name] == 1 for one in found)
    assert np.mean(held) >= 0.93
    assert wrong <= 0.05 * len(held)
