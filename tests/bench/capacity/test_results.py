"""Runs about limits, made up: what their records and facts say together."""

from __future__ import annotations

from dataclasses import replace

from bench.capacity.growth import growth_of
from bench.capacity.results import Offered, by_rate, capacity_of, rates_of
from bench.capacity.run import set_aside
from bench.capacity.search import Tally
from bench.capacity.tables import trial_table
from bench.model.facts import read_facts
from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.record import Caveat, Record
from bench.results.results import understand
from bench.stats.objectives import parse_all
from tests.bench.builders import record, repeats, run
from tests.bench.capacity.searches import FACTS, search, trial


def test_a_run_that_was_no_search_has_neither() -> None:
    ordinary = run(*repeats("a", "noop-async", 100, 110))
    assert capacity_of(understand(ordinary)) is None
    assert growth_of(understand(ordinary)) is None


def test_trials_stand_by_rate_and_those_of_one_rate_as_they_were_made() -> None:
    found = capacity_of(understand(search()))
    assert found is not None
    assert [(one.rate_per_s, one.record.cell.load.duration_s) for one in found.trials] == [
        (100, 4),
        (200, 4),
        (400, 4),
        (560, 4),
        (560, 12),
        (560, 12),
        (560, 12),
        (600, 12),
        (600, 12),
        (800, 4),
        (800, 4),
    ]
    assert [bool(one.missed) for one in found.trials] == [False] * 6 + [True] * 5
    assert found.guess is not None
    assert found.guess.cell.load == ClosedLoad(64, 2.0)


def test_of_a_rate_its_longest_trials_count_with_their_middle() -> None:
    """560 took 45 ms in a short trial, and 18, 20 and 650 ms in long ones: the last is one of three."""
    found = capacity_of(understand(search()))
    assert found is not None
    rates = rates_of(found.trials)
    assert [(one.rate_per_s, len(one.held), len(one.failed)) for one in rates] == [
        (100, 1, 0),
        (200, 1, 0),
        (400, 1, 0),
        (560, 2, 1),
        (600, 0, 2),
        (800, 0, 2),
    ]
    assert [one.holds for one in rates] == [True] * 4 + [False] * 2
    assert by_rate(rates, "p99") == (
        (100, 12.0),
        (200, 12.5),
        (400, 13.0),
        (560, 20.0),
        (600, 700.0),
        (800, 1900.0),
    )


def test_half_of_the_trials_are_enough_to_hold_and_the_median_agrees() -> None:
    twice = [trial(560, 12, 40.0), trial(560, 12, 60.0)]
    (rate,) = rates_of(Offered(one, parse_all(["p99<50ms"])) for one in twice)
    assert rate.holds
    assert rate.median("p99") == 40.0
    assert rate.typical.record == twice[0]


def test_the_capacity_and_the_lowest_rate_above_it_are_told_by_their_typical_trials() -> None:
    found = capacity_of(understand(search()))
    assert found is not None
    assert found.confirmed is not None
    assert found.above is not None
    assert found.confirmed.typical.line == "560 arrivals/s for 12 s: held, p99 18.0 ms, errors 0 %"
    assert (
        found.above.typical.line == "600 arrivals/s for 12 s: failed: p99 700 ms (p99<50ms), rate-not-reached"
    )
    assert found.confirmations == (Tally(560.0, 2, 1), Tally(600.0, 0, 2))


def test_a_run_from_before_the_counts_were_kept_counts_its_records() -> None:
    old = {
        key: what for key, what in FACTS["capacity"].items() if key not in ("held", "failed", "confirmations")
    }
    found = capacity_of(understand(replace(search(), facts=read_facts({**FACTS, "capacity": old}))))
    assert found is not None
    assert found.confirmed is not None
    assert (found.confirmations, len(found.confirmed.held), len(found.confirmed.failed)) == ((), 2, 1)


def test_the_knee_is_that_of_the_loads_up_to_the_first_that_failed() -> None:
    """p99 is 12, 12.5, 13, 20 and 700 ms: it turns up at 560, whatever 800 takes."""
    found = capacity_of(understand(search()))
    assert found is not None
    assert found.knee_per_s == 560


def test_one_lucky_trial_of_a_rate_that_fails_does_not_move_the_knee() -> None:
    """800 held once of three times. With its 12 s the curve would turn up at 600; it ends with 600, and does at 560."""
    lucky = (trial(800, 12, 30.0), *(trial(800, 12, 12_000.0, reached=0.9) for _ in range(2)))
    found = capacity_of(understand(replace(search(), records=(*search().records, *lucky))))
    assert found is not None
    assert not rates_of(found.trials)[-1].holds
    assert found.knee_per_s == 560


def disturbed(*trials: Record, code: str = "other-load") -> list[Offered]:
    doubt = Caveat(code, "other processes took 34% of the CPUs")
    return [Offered(replace(one, caveats=(*one.caveats, doubt)), parse_all(["p99<50ms"])) for one in trials]


def test_a_disturbed_trial_that_confirms_is_no_evidence_whether_it_held_or_failed() -> None:
    """Else only failures would be made again, and the capacity be too high. A short trial that held may stand."""
    held, failed = disturbed(trial(560, 12, 20.0), trial(560, 12, 700.0))
    assert (held.is_evidence(confirms=True), failed.is_evidence(confirms=True)) == (False, False)
    assert (held.is_evidence(confirms=False), failed.is_evidence(confirms=False)) == (True, False)
    calm = Offered(trial(560, 12, 700.0), parse_all(["p99<50ms"]))
    assert calm.is_evidence(confirms=True)


def test_a_trial_that_was_set_aside_is_kept_and_shown_and_counts_for_nothing() -> None:
    (one,) = disturbed(trial(560, 12, 9000.0))
    aside = set_aside(one)
    found = capacity_of(understand(replace(search(), records=(*search().records, aside))))
    assert found is not None
    assert by_rate(rates_of(found.trials), "p99")[3] == (560, 20.0)
    (row,) = [row for row in trial_table(found).rows if "set-aside" in row.codes]
    assert row.entries[-2] == ""
    assert row.entries[-1].startswith("set aside: other processes took 34% of the CPUs (failed: p99 9,000 ms")


def test_a_search_that_was_cut_short_has_its_trials_and_no_answer() -> None:
    cut = replace(
        search(), facts=read_facts({**FACTS, "capacity": {**FACTS["capacity"], "arrivals_per_s": None}})
    )
    found = capacity_of(understand(cut))
    assert found is not None
    assert (found.rate_per_s, found.confirmed) == (None, None)
    assert len(found.trials) == 11


def test_open_loads_of_another_run_are_no_search() -> None:
    assert capacity_of(understand(run(record(load=OpenLoad(100, 4.0))))) is None
