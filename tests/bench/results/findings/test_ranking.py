"""Which setup is best: only where the repeats bear it out."""

from __future__ import annotations

import pytest

from bench.model.record import Caveat
from bench.results.findings.finding import NOT_SHOWN
from tests.bench.builders import found, repeats, topics


def test_the_best_setup_wins_by_the_geometric_mean_over_the_scenarios() -> None:
    """a: sqrt(100 x 400) = 200, b: sqrt(400 x 50) = 141."""
    best = found(
        "best-setup",
        repeats("a", "noop-async", 100, 100),
        repeats("a", "io-async", 400, 400),
        repeats("b", "noop-async", 400, 400),
        repeats("b", "io-async", 50, 50),
    )
    assert best.title == "Best setup here: a"
    assert (
        "a serves 1.41 × the requests of b, which comes next (io-async and noop-async; native, 32 users)."
        in best.text
    )
    assert best.figures == (
        "io-async: a 400 (400 to 400) req/s; b 50.0 (50.0 to 50.0) req/s",
        "noop-async: a 100 (100 to 100) req/s; b 400 (400 to 400) req/s",
    )
    assert best.chart == "throughput"


def test_what_the_best_setup_costs() -> None:
    best = found(
        "best-setup",
        repeats("a", "noop-async", 200, 201, cpu_us=50.0, rss=90_000_000),
        repeats("b", "noop-async", 100, 101, cpu_us=100.0, rss=120_000_000),
    )
    assert "a uses 0.50 × the CPU time of b per request." in best.text
    assert "a peaks at 90.0 MB of memory, b at 120 MB." in best.text


def test_setups_whose_repeats_overlap_cannot_be_told_apart_and_are_not_called_best() -> None:
    """a's repeats range over 20 of 110, which is 18 %, b's over 15 of 102.5."""
    best = found(
        "best-setup",
        repeats("a", "noop-async", 100, 120),
        repeats("b", "noop-async", 95, 110),
        repeats("c", "noop-async", 54, 56),
    )
    assert best.title == "Which setup is best: a and b cannot be told apart"
    assert best.text.startswith("a and b cannot be told apart: ")
    assert "18 %" in best.text
    assert "c comes next with 0.50 × the requests" in best.text


def test_many_that_noise_hides_are_counted_in_the_title_and_named_below_it() -> None:
    """The noise of the asyncio and h11 setup hides how slow it is; nobody calls it one of the best."""
    best = found(
        "best-setup",
        repeats("granian-1", "noop-async", 100, 120),
        repeats("uvicorn", "noop-async", 95, 110),
        repeats("gunicorn-1", "noop-async", 96, 111),
        repeats("uvicorn-asyncio-h11", "noop-async", 60, 101),
        repeats("hypercorn-1", "noop-async", 9, 10),
    )
    assert best.title == "Which setup is best: 4 setups cannot be told apart"
    assert best.text.startswith(
        "granian-1, gunicorn-1, uvicorn and uvicorn-asyncio-h11 cannot be told apart: "
    )
    assert "51 %" in best.text  # 41 of 80.5
    assert "best setups" not in (best.title + best.text).lower()


@pytest.mark.parametrize(
    ("low", "high", "title", "text"),
    [
        pytest.param(
            60, 70, "Best setup here: a", "a serves most; b comes next, slower in noop-async (", id="clearly"
        ),
        pytest.param(
            90,
            98,
            "Which setup is best: a and b cannot be told apart",
            "a and b cannot be told apart: ",
            id="barely",
        ),
    ],
)
def test_one_scenario_decides_only_where_the_ranges_lie_clearly_apart(
    low: float, high: float, title: str, text: str
) -> None:
    """Over both scenarios those of a and b overlap. In noop-async a's are 10 wide; b's end 30 below them, or 2."""
    best = found(
        "best-setup",
        repeats("a", "noop-async", 100, 110),
        repeats("a", "db-async", 50, 150),
        repeats("b", "noop-async", low, high),
        repeats("b", "db-async", 55, 140),
    )
    assert best.title == title
    assert text in best.text


def test_ranges_that_merely_part_over_all_scenarios_decide_nothing_either() -> None:
    """a's geometric means are 122 and 128, b's 110 and 121: they lie 1 apart, and b's are 11 wide."""
    best = found(
        "best-setup",
        repeats("a", "noop-async", 100, 110),
        repeats("a", "db-async", 149, 149),
        repeats("b", "noop-async", 90, 101),
        repeats("b", "db-async", 134.4, 145),
    )
    assert "a and b cannot be told apart: " in best.text


def test_who_is_slower_in_one_scenario_and_faster_in_another_may_be_as_good() -> None:
    best = found(
        "best-setup",
        repeats("a", "noop-async", 100, 110),
        repeats("a", "db-async", 50, 51),
        repeats("a", "io-async", 9, 90),
        repeats("b", "noop-async", 60, 70),
        repeats("b", "db-async", 60, 61),
        repeats("b", "io-async", 9, 91),
        repeats("c", "noop-async", 1, 1),
        repeats("c", "db-async", 1, 1),
        repeats("c", "io-async", 1, 1),
    )
    assert best.title == "Which setup is best: a and b cannot be told apart"


def test_where_all_overlap_no_difference_could_be_shown() -> None:
    best = found("best-setup", repeats("a", "noop-async", 100, 120), repeats("b", "noop-async", 95, 110))
    assert best.title == "Which setup is best: a and b cannot be told apart"
    assert "18 %" in best.text
    assert "comes next" not in best.text


def test_a_single_repeat_shows_no_winner() -> None:
    best = found("best-setup", repeats("a", "noop-async", 100), repeats("b", "noop-async", 1))
    assert best.title == f"Which setup is best: {NOT_SHOWN}"
    assert "no spread to judge by; a has the highest figure" in best.text


def test_an_invalid_setup_never_wins_and_is_named_with_its_reason() -> None:
    doubt = (Caveat("errors", "12 of 100 failed"),)
    best = found(
        "best-setup",
        repeats("fast", "noop-async", 900, 910, valid=False, caveats=doubt),
        repeats("a", "noop-async", 100, 110),
        repeats("b", "noop-async", 50, 55),
    )
    assert best.title == "Best setup here: a"
    assert "Not ranked: fast (errors)." in best.text


def test_a_scenario_in_which_the_fastest_is_invalid_does_not_count() -> None:
    doubt = (Caveat("generator-saturated", "at 91 %"),)
    best = found(
        "best-setup",
        repeats("fast", "noop-async", 900, 910, valid=False, caveats=doubt),
        repeats("fast", "db-orm-async", 90, 91),
        repeats("a", "noop-async", 500, 510),
        repeats("a", "db-orm-async", 50, 51),
    )
    assert best.title == "Best setup here: fast"
    assert "noop-async does not count, as it is invalid for fast (generator-saturated)." in best.text


def test_misuse_and_open_loads_are_no_contest() -> None:
    assert topics(repeats("a", "io-misuse", 100, 110), repeats("b", "io-misuse", 50, 55)) == []


def test_the_caveats_of_the_setups_it_speaks_of_and_of_no_other() -> None:
    def doubt(name: str) -> tuple[Caveat, ...]:
        return (Caveat(f"doubt-{name}", ""),)

    best = found(
        "best-setup",
        repeats("a", "noop-async", 100, 120, caveats=doubt("a")),
        repeats("b", "noop-async", 60, 70, caveats=doubt("b")),
        repeats("c", "noop-async", 50, 60, caveats=doubt("c")),
        repeats("d", "noop-async", 60, 105, caveats=doubt("d")),
    )
    assert best.title == "Which setup is best: a and d cannot be told apart"
    assert " b comes next" in best.text
    assert [caveat.code for caveat in best.caveats] == ["doubt-a", "doubt-b", "doubt-d"]
