from __future__ import annotations

import pytest

from bench.results.cells import gather
from bench.results.standings import interval_text, round_s, rounds_needed, standings, verdict_text
from bench.stats.best import Standing, StandingVerdict
from bench.stats.comparison import Comparison
from bench.stats.metrics import THROUGHPUT
from tests.bench.builders import record, results
from tests.bench.results.rounds import three_rounds


def standing(
    ratio: float, low: float, high: float, rounds: int = 4, verdict: StandingVerdict = "unresolved"
) -> Standing:
    return Standing(name="a", ratio=ratio, low=low, high=high, verdict=verdict, rounds=rounds)


def test_a_cell_without_the_figure_takes_no_rank_from_the_others() -> None:
    cells = gather([*three_rounds("a", 100), *three_rounds("b", 50), *three_rounds("c", 0)])
    assert [cell.setup for cell, _ in standings(cells, THROUGHPUT)] == ["a", "b"]


@pytest.mark.parametrize(
    ("found", "rounds"),
    [
        (standing(0.9, 0.81, 1.0), 5),
        (standing(0.9, 0.9**2.99, 1.0), 16),
        (standing(1 / 0.9, 1.0, 1 / 0.9**2.99), 16),
        (standing(1.0, 1.02**-2.99, 1.0), 36),
        (standing(1.0, 1.0, 1.02**2.99), 36),
        (standing(0.5, 0.0, 1.0, rounds=1), None),
        (Comparison(ratio=0.9, low=0.9**2.99, high=1.0, rounds=4), 9),
    ],
    ids=[
        "it barely reaches 1",
        "twice as wide",
        "lower is better",
        "the first",
        "the first, lower",
        "one round",
        "pair",
    ],
)
def test_rounds_that_would_settle_it(found: Standing | Comparison, rounds: int | None) -> None:
    """As many times more as the interval must narrow, squared."""
    assert rounds_needed(found) == rounds


@pytest.mark.parametrize(
    ("each_s", "text"),
    [
        (None, "unresolved"),
        (1.0, "unresolved (about 16 s)"),
        (60.0, "unresolved (about 16 min)"),
        (1350.0, "unresolved (about 6 h)"),
        (9000.0, "unresolved (more than a day)"),
    ],
)
def test_the_length_of_a_run_that_would_settle_it(each_s: float | None, text: str) -> None:
    assert verdict_text("unresolved", standing(0.9, 0.9**2.99, 1.0), each_s) == text


def test_what_is_settled_says_no_length() -> None:
    assert verdict_text("worse", standing(0.5, 0.4, 0.6, verdict="worse"), 60.0) == "worse"


def test_intervals_in_letters() -> None:
    assert interval_text(standing(0.91, 0.88, 0.94)) == "0.91 (0.88 to 0.94)"
    assert interval_text(standing(0.91, 0.0, 1.0, rounds=1)) == "0.91"
    assert interval_text(Comparison(ratio=2.0, low=0.01, high=3e9, rounds=2)) == "2.00 (0.010 to over 1,000)"


def test_the_length_of_a_round_is_the_run_over_its_rounds() -> None:
    made = [record(repeat=at) for at in range(6)]
    assert round_s(results(*made, took_s=300.0)) == 50
    assert round_s(results(*made, took_s=None)) is None
