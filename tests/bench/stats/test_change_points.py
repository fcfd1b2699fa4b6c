from __future__ import annotations

import itertools
import json
import statistics
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats.change_points import change_points

OTAVA = json.loads(Path(__file__).with_name("otava.json").read_text())
"""Series, and what Apache Otava 0.8.0 found in them, in an environment of its own and with its own defaults:
`otava.analysis.compute_change_points(series)[0]`.

Left out are the two of 108 in which it would have found less, had it tested both neighbours of a place again that it
took out: 30 figures in three steps, and 130 with heavy tails.
"""

steps = st.lists(st.integers(900, 1100), min_size=2, max_size=60)


@pytest.mark.parametrize("kind", sorted({one["kind"] for one in OTAVA}))
def test_it_finds_what_otava_finds(kind: str) -> None:
    mine = [one for one in OTAVA if one["kind"] == kind]
    found = [list(change_points(one["series"], least=0.0)) for one in mine]
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
    assert change_points(figures) == expected


@given(steps, st.integers(1, 1000))
@settings(max_examples=25, derandomize=True)
def test_the_unit_of_the_figures_does_not_matter(figures: list[int], times: int) -> None:
    assert change_points([figure * times for figure in figures]) == change_points(figures)


@given(steps)
@settings(max_examples=25, derandomize=True)
def test_each_part_is_another_level_than_the_one_before(figures: list[int]) -> None:
    places = [0, *change_points(figures), len(figures)]
    assert places == sorted(set(places)) or not figures
    means = [statistics.fmean(figures[first:last]) for first, last in itertools.pairwise(places)]
    ratios = [max(a, b) / min(a, b) for a, b in itertools.pairwise(means)]
    assert [ratio for ratio in ratios if ratio <= 1.002] == []


def test_independent_noise_seldom_has_change_points() -> None:
    """5 % of series; tests/bench/stats/test_levels.py has noise that is not independent."""
    rng = Random(1)
    found = sum(bool(change_points([rng.gauss(1, 0.02) for _ in range(100)])) for _ in range(200))
    assert 2 <= found <= 16


def test_inflation_asks_for_more_evidence() -> None:
    """Steps of the same size: believed of independent figures, not of those that say no more than a fifth of them."""
    rng = Random(2)
    figures = [rng.gauss(1 if place < 20 else 1.04, 0.02) for place in range(40)]
    assert len(change_points(figures)) == 1
    assert change_points(figures, inflation=5.0) == ()
