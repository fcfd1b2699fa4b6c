"""Change points against Otava's answers, and by simulation: how often pure noise gets one, how often a step is found.

1,000 lines of 100 figures gave what the history page says: a change point in 2 % of independent ones (Student's t
alone: 5 %), 3 % of AR(0.3) (31 %) and of AR(0.6) (81 %), 10 % with heavy tails (13 %), 24 % where an AR(0.9) lies under
noise as large (87 %).
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.stats.change_points import change_points, estimate_inflation, split

OTAVA = json.loads(Path(__file__).with_name("otava.json").read_text())
"""Series, and what Apache Otava 0.8.0 found in them, in an environment of its own and with its own defaults:
`otava.analysis.compute_change_points(series)[0]`.

Left out are the two of 108 in which it would have found less, had it tested both neighbours of a place again that it
took out: 30 figures in three steps, and 130 with heavy tails.
"""

LINES, LENGTH = 400, 100

steps = st.lists(st.integers(900, 1100), min_size=2, max_size=60)


@pytest.mark.parametrize("kind", sorted({one["kind"] for one in OTAVA}))
def test_it_finds_what_otava_finds(kind: str) -> None:
    mine = [one for one in OTAVA if one["kind"] == kind]
    found = [list(split(one["series"], least=0.0)) for one in mine]
    assert found == [one["otava"] for one in mine]


def test_otava_found_something_in_most_series_that_are_more_than_noise() -> None:
    """So that the test above is about something."""
    assert sum(bool(one["otava"]) for one in OTAVA) == 56


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        pytest.param([], (), id="nothing"),
        pytest.param([1.0], (), id="one figure"),
        pytest.param([1.0, 2.0], (), id="two figures, which have no spread to judge by"),
        pytest.param([1.0] * 40, (), id="level"),
        pytest.param([1.0] * 5 + [1.01] * 5, (5,), id="a step without any noise"),
        pytest.param([1.0] * 5 + [1.0019] * 5, (), id="a step of less than 0.2 %"),
        pytest.param([1.0] * 5 + [1.0021] * 5, (5,), id="a step of a little more"),
        pytest.param([1.0] * 80 + [2.0] * 80, (80,), id="a step beyond the first window"),
        pytest.param([1.0] * 20 + [2.0] * 20 + [1.0] * 20, (20, 40), id="up and down again"),
    ],
)
def test_where_a_new_level_begins(figures: list[float], expected: tuple[int, ...]) -> None:
    assert split(figures) == expected


@given(steps, st.integers(1, 1000))
@settings(max_examples=25, derandomize=True)
def test_the_unit_of_the_figures_does_not_matter(figures: list[int], times: int) -> None:
    assert split([figure * times for figure in figures]) == split(figures)


@given(steps)
@settings(max_examples=25, derandomize=True)
def test_each_part_is_another_level_than_the_one_before(figures: list[int]) -> None:
    places = [0, *split(figures), len(figures)]
    assert places == sorted(set(places)) or not figures
    means = [statistics.fmean(figures[first:last]) for first, last in itertools.pairwise(places)]
    ratios = [max(a, b) / min(a, b) for a, b in itertools.pairwise(means)]
    assert [ratio for ratio in ratios if ratio <= 1.002] == []


def test_independent_noise_seldom_has_change_points() -> None:
    """5 % of series; further down is noise that is not independent."""
    rng = Random(1)
    found = sum(bool(split([rng.gauss(1, 0.02) for _ in range(100)])) for _ in range(200))
    assert 2 <= found <= 16


def test_inflation_asks_for_more_evidence() -> None:
    """Steps of the same size: believed of independent figures, not of those that say no more than a fifth of them."""
    rng = Random(2)
    figures = [rng.gauss(1 if place < 20 else 1.04, 0.02) for place in range(40)]
    assert len(split(figures)) == 1
    assert split(figures, inflation=5.0) == ()


# --- neighbours that are alike --------------------------------------------------------------------


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
    found = sum(bool(change_points(list(noise(rng, likeness)))) for _ in range(LINES))
    assert found <= 0.1 * LINES


@pytest.mark.parametrize(("likeness", "least"), [(0.3, 0.2), (0.6, 0.6)])
def test_students_t_alone_takes_likeness_for_levels(likeness: float, least: float) -> None:
    """So that the test above is about something."""
    rng = np.random.default_rng(17)
    assert sum(bool(split(list(noise(rng, likeness)))) for _ in range(30)) >= least * 30


@pytest.mark.parametrize("length", [12, 24, 40])
def test_short_lines_get_few_change_points_too(length: int) -> None:
    rng = np.random.default_rng(17)
    for likeness in (0.0, 0.3):
        assert (
            sum(bool(change_points(list(noise(rng, likeness, length)))) for _ in range(LINES)) <= 0.1 * LINES
        )


def test_a_step_of_5_percent_in_2_percent_of_noise_is_found_19_times_of_20() -> None:
    """At the place itself or two next to it: the figures around it may say so by chance."""
    rng = np.random.default_rng(18)
    found = 0
    for _ in range(60):
        series = noise(rng, 0.0)
        series[50:] *= 1.05
        found += any(abs(place - 50) <= 2 for place in change_points(list(series)))
    assert found >= 0.95 * 60


def test_a_new_step_is_found_soon() -> None:
    rng = np.random.default_rng(19)
    found = {5: 0, 10: 0}
    for after in found:
        for _ in range(40):
            series = noise(rng, 0.0)
            series[-after:] *= 1.05
            found[after] += any(abs(place - (LENGTH - after)) <= 2 for place in change_points(list(series)))
    assert found[5] >= 0.7 * 40
    assert found[10] >= 0.85 * 40


@pytest.mark.parametrize(
    "figures",
    [[], [1.0], [1.0, 2.0], [5.0] * 7, [5.0] * 80, [5.0] * 50 + [6.0] * 50, [5.0] * 5 + [6.0] * 5],
    ids=["nothing", "one", "two", "short and level", "level", "a step of counts", "a short step of counts"],
)
def test_without_noise_nothing_is_inflated(figures: list[float]) -> None:
    assert estimate_inflation(np.array(figures)) == 1.0
    assert change_points(figures) == split(figures)


@pytest.mark.parametrize(("likeness", "expected"), [(0.0, 1.0), (0.3, 1.3 / 0.7), (0.6, 4.0)])
def test_the_inflation_of_an_ar1_is_near_that_of_the_book(likeness: float, expected: float) -> None:
    """(1 + r) / (1 - r), in the mean over long lines; figures 6 to 10 places apart are a little alike still."""
    rng = np.random.default_rng(20)
    found = np.mean([estimate_inflation(noise(rng, likeness, 2000)) for _ in range(20)])
    assert found == pytest.approx(expected, rel=0.15)
