"""Which setup is best: only where the rounds show it."""

from __future__ import annotations

import math
from random import Random

from bench.model.record import Caveat, Record
from bench.results.cells import gather
from bench.results.findings.finding import NOT_SHOWN, SAME
from bench.results.findings.ranking import best_setup
from tests.bench.builders import found, repeats, topics


def test_the_best_setup_wins_by_the_geometric_mean_over_the_scenarios() -> None:
    """a: sqrt(100 x 400) = 200, b: sqrt(400 x 50) = 141, which is 29 % less."""
    best = found(
        "best-setup",
        repeats("a", "noop-async", 100, 100),
        repeats("a", "io-async", 400, 400),
        repeats("b", "noop-async", 400, 400),
        repeats("b", "io-async", 50, 50),
    )
    assert best.title == "Best setup here: a"
    assert "a serves most (io-async and noop-async; native, 32 users)." in best.text
    assert "Behind the best: b by 29 % (29 to 29)." in best.text
    assert "In noop-async alone b is ahead: a by 75 % (75 to 75)." in best.text
    assert best.figures == (
        "io-async: a 400 (400 to 400) req/s; b 0.13 × (0.13 to 0.13)",
        "noop-async: b 400 (400 to 400) req/s; a 0.25 × (0.25 to 0.25)",
    )
    assert best.chart == "setups"


def test_what_the_best_setup_costs() -> None:
    best = found(
        "best-setup",
        repeats("a", "noop-async", 200, 201, cpu_us=50.0, rss=90_000_000),
        repeats("b", "noop-async", 100, 101, cpu_us=100.0, rss=120_000_000),
    )
    assert "CPU time per request, a over b: 0.50 × (0.50 to 0.50)." in best.text
    assert "a peaks at 90.0 MB of memory, b at 120 MB." in best.text


def several(**rates: float) -> tuple[tuple[Record, ...], ...]:
    """Four rounds on a machine whose speed differs from round to round, which all feel alike."""
    speeds = (1.0, 0.7, 1.3, 0.9)
    return tuple(
        repeats(name, "noop-async", *(rate * speed for speed in speeds)) for name, rate in rates.items()
    )


def test_a_machine_that_drifts_between_rounds_hides_nothing() -> None:
    """The ranges of a and b overlap widely; in each round b serves 9 % less."""
    best = found("best-setup", *several(a=1000, b=910))
    assert best.title == "Best setup here: a"
    assert "Behind the best: b by 9.0 % (9.0 to 9.0)." in best.text


def test_what_is_proved_the_same_is_named_with_the_best() -> None:
    best = found("best-setup", *several(a=1000, b=995, c=910))
    assert best.title == f"Best setup here: a; {SAME}: b"
    assert "The same within 2 %: b. Behind the best: c by 9.0 %" in best.text
    assert NOT_SHOWN not in best.text
    assert best.figures[0].endswith(f"; b {SAME}; c 0.91 × (0.91 to 0.91)")


def test_what_noise_hides_is_open_and_the_time_that_would_tell_is_given() -> None:
    """The log ratios of b to a are 0.04 and -0.06 twice each; c is far behind in every round."""
    up, down = 1000 * math.exp(0.04), 1000 * math.exp(-0.06)
    best = found(
        "best-setup",
        repeats("a", "noop-async", 1000, 1000, 1000, 1000),
        repeats("b", "noop-async", up, down, up, down),
        repeats("c", "noop-async", 500, 500, 500, 500),
    )
    assert best.title == "Which setup is best: a and b are unresolved"
    assert "Unresolved against the best: a and b (" in best.text
    assert "Behind the best: c by 50 %" in best.text
    assert "best setups" not in (best.title + best.text).lower()


def test_the_time_that_would_tell_follows_from_the_rounds_needed() -> None:
    """Of two setups over four rounds: the reach is t s / 2 = 3.182 x 0.0577 / 2, the room ln 1.02, 4.64 times less.

    t over the root of the rounds falls so far from 4 rounds to 36: 3.182 / 2 to 2.030 / 6. Of a run of 4 s, 36 s.
    """
    up, down = 1000 * math.exp(0.05), 1000 * math.exp(-0.05)
    cells = gather(
        (
            *repeats("a", "noop-async", 1000, 1000, 1000, 1000),
            *repeats("b", "noop-async", up, down, up, down),
        )
    )
    best = best_setup(cells, took_s=4.0)
    assert best is not None
    assert "(about 36 s of measuring would tell)" in best.text
    long = best_setup(cells, took_s=8000.0)
    assert long is not None
    assert "(about 20 h of measuring would tell)" in long.text


def test_many_that_are_open_are_counted_in_the_title_and_named_below_it() -> None:
    rng = Random(3)
    noisy = {
        name: tuple(1000 * math.exp(rng.gauss(0, 0.05)) for _ in range(4)) for name in ("d", "b", "c", "a")
    }
    best = found("best-setup", *(repeats(name, "noop-async", *rates) for name, rates in noisy.items()))
    assert best.title == "Which setup is best: 4 setups are unresolved"
    assert all(name in best.text.partition("against the best: ")[2] for name in noisy)


def test_a_single_repeat_shows_no_winner() -> None:
    best = found("best-setup", repeats("a", "noop-async", 100), repeats("b", "noop-async", 1))
    assert best.title == f"Which setup is best: {NOT_SHOWN}"
    assert "A single round shows no difference; a has the highest figure" in best.text


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


def test_the_caveats_of_all_that_are_ranked() -> None:
    def doubt(name: str) -> tuple[Caveat, ...]:
        return (Caveat(f"doubt-{name}", ""),)

    best = found(
        "best-setup",
        repeats("a", "noop-async", 100, 120, caveats=doubt("a")),
        repeats("b", "noop-async", 60, 70, caveats=doubt("b")),
    )
    assert [caveat.code for caveat in best.caveats] == ["doubt-a", "doubt-b"]
