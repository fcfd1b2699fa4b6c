"""How often pure noise gets a change point, and how often a step is found: by simulation.

1,000 lines of 100 figures gave what the page says: a change point in 2 % of independent ones (Student's t alone: 5 %),
3 % of AR(0.3) (31 %) and of AR(0.6) (81 %), 10 % with heavy tails (13 %), 24 % where an AR(0.9) lies under noise as
large (87 %).
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.stats.change_points import change_points
from bench.stats.levels import inflation, new_levels

LINES, LENGTH = 400, 100


def noise(
    rng: np.random.Generator, likeness: float, length: int = LENGTH, sd: float = 0.02
) -> NDArray[np.float64]:
    """An AR(1) around 1; independent figures with a likeness of 0."""
    series = rng.normal(0, 1, length)
    for place in range(1, length):
        series[place] = likeness * series[place - 1] + math.sqrt(1 - likeness**2) * series[place]
    return 1 + sd * series


@pytest.mark.parametrize("likeness", [0.0, 0.3, 0.6])
def test_at_most_a_tenth_of_the_lines_of_noise_get_a_change_point(likeness: float) -> None:
    rng = np.random.default_rng(17)
    found = sum(bool(new_levels(list(noise(rng, likeness)))) for _ in range(LINES))
    assert found <= 0.1 * LINES


@pytest.mark.parametrize(("likeness", "least"), [(0.3, 0.2), (0.6, 0.6)])
def test_students_t_alone_takes_likeness_for_levels(likeness: float, least: float) -> None:
    """So that the test above is about something."""
    rng = np.random.default_rng(17)
    assert sum(bool(change_points(list(noise(rng, likeness)))) for _ in range(30)) >= least * 30


@pytest.mark.parametrize("length", [12, 24, 40])
def test_short_lines_get_few_change_points_too(length: int) -> None:
    rng = np.random.default_rng(17)
    for likeness in (0.0, 0.3):
        assert sum(bool(new_levels(list(noise(rng, likeness, length)))) for _ in range(LINES)) <= 0.1 * LINES


def test_a_step_of_5_percent_in_2_percent_of_noise_is_found_19_times_of_20() -> None:
    """At the place itself or two next to it: the figures around it may say so by chance."""
    rng = np.random.default_rng(18)
    found = 0
    for _ in range(60):
        series = noise(rng, 0.0)
        series[50:] *= 1.05
        found += any(abs(place - 50) <= 2 for place in new_levels(list(series)))
    assert found >= 0.95 * 60


def test_a_new_step_is_found_soon() -> None:
    rng = np.random.default_rng(19)
    found = {5: 0, 10: 0}
    for after in found:
        for _ in range(40):
            series = noise(rng, 0.0)
            series[-after:] *= 1.05
            found[after] += any(abs(place - (LENGTH - after)) <= 2 for place in new_levels(list(series)))
    assert found[5] >= 0.7 * 40
    assert found[10] >= 0.85 * 40


@pytest.mark.parametrize(
    "figures",
    [[], [1.0], [1.0, 2.0], [5.0] * 7, [5.0] * 80, [5.0] * 50 + [6.0] * 50, [5.0] * 5 + [6.0] * 5],
    ids=["nothing", "one", "two", "short and level", "level", "a step of counts", "a short step of counts"],
)
def test_without_noise_nothing_is_inflated(figures: list[float]) -> None:
    assert inflation(np.array(figures)) == 1.0
    assert new_levels(figures) == change_points(figures)


@pytest.mark.parametrize(("likeness", "expected"), [(0.0, 1.0), (0.3, 1.3 / 0.7), (0.6, 4.0)])
def test_the_inflation_of_an_ar1_is_near_that_of_the_book(likeness: float, expected: float) -> None:
    """(1 + r) / (1 - r), in the mean over long lines; figures 6 to 10 places apart are a little alike still."""
    rng = np.random.default_rng(20)
    found = np.mean([inflation(noise(rng, likeness, 2000)) for _ in range(20)])
    assert found == pytest.approx(expected, rel=0.15)
