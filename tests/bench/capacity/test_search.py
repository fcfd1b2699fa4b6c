"""The search for the capacity, against made-up servers whose capacity is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.capacity.search import (
    Probe,
    Search,
    SearchResult,
    Tally,
    Trial,
    TrialVerdict,
    next_step,
    rate_with_fewest_contradictions,
    tallies,
)

Server = Callable[[Probe], TrialVerdict]
CAPACITIES = st.floats(1.0, 200_000.0)
STARTS = st.floats(0.02, 4.0)
TOLERANCES = st.sampled_from([0.01, 0.05, 0.1, 0.3])
DIGITS = 1.001  # rates are told in four digits


def searched(
    search: Search, server: Server, before: Sequence[Trial] = ()
) -> tuple[SearchResult, list[Trial]]:
    trials = list(before)
    while isinstance(step := next_step(search, trials), Probe):
        trials.append(Trial(step, server(step)))
        assert len(trials) < 300
    return step, trials


def holding(capacity: float) -> Server:
    return lambda probe: "held" if probe.rate_per_s < capacity else "failed"


@settings(max_examples=150, derandomize=True, deadline=None)
@given(CAPACITIES, STARTS, TOLERANCES)
def test_without_noise_the_answer_is_the_capacity_within_the_tolerance(
    capacity: float, start: float, tolerance: float
) -> None:
    search = Search(start * capacity, tolerance)
    answer, trials = searched(search, holding(capacity))
    assert answer.limit == "service"
    assert answer.rate_per_s is not None
    assert answer.rate_per_s < capacity <= answer.rate_per_s * (1 + tolerance) * DIGITS
    assert Trial(Probe(answer.rate_per_s, confirms=True), "held") in trials
    assert len(trials) < 40 + math.log2(1 / tolerance) + abs(math.log2(start))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(CAPACITIES, STARTS, st.integers(0, 2**32))
def test_hiccups_that_fail_one_trial_in_ten_never_raise_the_answer(
    capacity: float, start: float, seed: int
) -> None:
    rng, steady = Random(seed), holding(capacity)
    answer, _ = searched(
        Search(start * capacity), lambda probe: "failed" if rng.random() < 0.1 else steady(probe)
    )
    assert answer.rate_per_s is not None
    assert answer.rate_per_s < capacity


# --- simulated machines, of which the rate that holds half of the time is known ------------------

SHORT_S, LONG_S, BEGINNING_S = 7.0, 15.0, 10.0
"""What trials take at the default settings (measured: 5 to 6.5 s, 14 to 15 s), and two servers with the guess."""


def steady(width: float, hiccups: float = 0.0) -> Callable[[Random], Server]:
    """It holds with a probability that falls in a straight line from 1 to 0 over `width` of the rate, around 1000; of
    all trials a share fails anyway."""

    def machine(rng: Random) -> Server:
        def server(probe: Probe) -> TrialVerdict:
            capacity = 1000 * (1 + width * (rng.random() - 0.5))
            return "held" if probe.rate_per_s < capacity and rng.random() >= hiccups else "failed"

        return server

    return machine


SLOW_S, FULL_S, SLOWER, JITTER = 30.0, 90.0, 0.75, 0.03


def in_phases(rng: Random) -> Server:
    """A machine that loses a quarter of its speed now and then."""
    slow, left_s = False, rng.expovariate(1 / FULL_S)

    def server(probe: Probe) -> TrialVerdict:
        nonlocal slow, left_s
        span_s, worst = (LONG_S if probe.confirms else SHORT_S), slow
        while span_s > left_s:
            span_s, slow = span_s - left_s, not slow
            left_s, worst = rng.expovariate(1 / (SLOW_S if slow else FULL_S)), worst or slow
        left_s -= span_s
        capacity = 1000 * (SLOWER if worst else 1.0) * math.exp(rng.gauss(0, JITTER))
        return "held" if probe.rate_per_s < capacity else "failed"

    return server


def half_in_phases() -> float:
    """Of all long trials 0.75 exp(-15/90) meet no slow phase; half must hold, so 0.787 of those: z is -0.797."""
    undisturbed = FULL_S / (FULL_S + SLOW_S) * math.exp(-LONG_S / FULL_S)
    return 1000 * math.exp(JITTER * NormalDist().inv_cdf(1 - 0.5 / undisturbed))


@dataclass(frozen=True)
class Searches:
    """Many searches on one kind of machine: answers as a multiple of the rate that holds half of the time."""

    answers: list[float]
    seconds: list[float]

    def near(self, reach: float) -> float:
        return sum(abs(answer - 1) <= reach for answer in self.answers) / len(self.answers)

    def at(self, share: float) -> float:
        return sorted(self.answers)[round(share * (len(self.answers) - 1))]

    def lasted(self, share: float) -> float:
        return sorted(self.seconds)[round(share * (len(self.seconds) - 1))]


def simulated(machine: Callable[[Random], Server], half_per_s: float, searches: int = 500) -> Searches:
    answers, seconds = [], []
    for seed in range(searches):
        rng = Random(seed)
        answer, trials = searched(Search(rng.uniform(80.0, 170.0)), machine(rng))
        answers.append((answer.rate_per_s or 0.0) / half_per_s)
        (counts,) = [one for one in tallies(trials) if one.rate_per_s == answer.rate_per_s]
        assert counts.held >= counts.failed
        assert counts.held + counts.failed >= 2
        seconds.append(BEGINNING_S + sum(LONG_S if trial.probe.confirms else SHORT_S for trial in trials))
    return Searches(answers, seconds)


@pytest.mark.parametrize(
    ("machine", "half_per_s", "low", "high", "near"),
    [
        (steady(0.0), 1000.0, 0.97, 1.0, 1.0),
        (steady(0.1), 1000.0, 0.95, 1.03, 0.95),
        (steady(0.2), 1000.0, 0.92, 1.055, 0.80),
        (steady(0.1, hiccups=0.1), 994.4, 0.92, 1.035, 0.90),
        (in_phases, half_in_phases(), 0.74, 1.05, 0.55),
    ],
    ids=["sharp", "over 10 %", "over 20 %", "over 10 %, with hiccups", "in phases"],
)
def test_the_answer_lies_within_5_percent_of_the_rate_that_holds_half_of_the_time(
    machine: Callable[[Random], Server], half_per_s: float, low: float, high: float, near: float
) -> None:
    """The median of 500 searches does, and so does the share `near` of them; 90 of 100 lie between low and high.

    With hiccups half of the trials hold where 0.9 (1050 - r) / 100 is 0.5: at 994.4.
    """
    found = simulated(machine, half_per_s)
    assert found.at(0.5) == pytest.approx(1, abs=0.025)
    assert found.near(0.05) >= near
    assert low <= found.at(0.05)
    assert found.at(0.95) <= high


def test_a_search_on_a_steady_machine_takes_less_than_four_minutes() -> None:
    found = simulated(steady(0.1), 1000.0)
    assert found.lasted(0.5) <= 210
    assert found.lasted(0.95) <= 240


# --- the staircase -------------------------------------------------------------------------------

BRACKET = (Trial(Probe(100.0), "held"), *(Trial(Probe(110.0), "failed"),) * 2)


def long_rates(verdicts: str) -> list[float]:
    """The rates of the long trials while these verdicts (h, f, s) come in, and the one that is asked for next."""
    words: dict[str, TrialVerdict] = {"h": "held", "f": "failed", "s": "saturated"}
    trials, rates = list(BRACKET), []
    for letter in [*verdicts, ""]:
        step = next_step(Search(100.0), trials)
        if not isinstance(step, Probe):
            break
        assert step.confirms
        rates.append(step.rate_per_s)
        if letter:
            trials.append(Trial(step, words[letter]))
    return rates


def test_both_verdicts_move_the_rate_by_a_tolerance_and_after_a_turn_by_half_of_one() -> None:
    """102.5 is 100 x 1.05^0.5, 107.6 is 100 x 1.05^1.5."""
    assert long_rates("hh") == [100, 105, 110.2]
    assert long_rates("ff") == [100, 95.24, 90.7]
    assert long_rates("hfhh") == [100, 105, 102.5, 105, 107.6]
    assert long_rates("fhff") == [100, 95.24, 97.59, 95.24, 92.94]


def test_a_rate_that_held_is_asked_again_as_one_that_failed_is() -> None:
    """102.5 holds and 105 does not: eight trials from the first turn on, of which the first held at 100."""
    answer, trials = searched(Search(100.0), holding(103.0), BRACKET)
    assert answer == SearchResult(102.5, "service")
    assert tallies(trials) == (Tally(100.0, 1, 0), Tally(102.5, 3, 0), Tally(105.0, 0, 4))


def test_the_search_goes_on_while_no_higher_rate_has_failed() -> None:
    """Eight trials and three turns, but the last four held, each at a higher rate."""
    assert long_rates("hfhfhhhh") == [100, 105, 102.5, 105, 102.5, 105, 107.6, 110.2, 115.8]


def test_every_four_verdicts_alike_double_the_step() -> None:
    """100 x 1.05 to the power of -3 and -5; of 1.5, 2, 3 and 4; of 6 and 8, from the eighth on."""
    assert long_rates("ffff")[-2:] == [86.38, 78.35]
    assert long_rates("hfhhhhh")[-4:] == [107.6, 110.2, 115.8, 121.6]
    assert long_rates("hfhhhhhhhh")[-2:] == [134.0, 147.7]


def test_trials_from_before_a_machine_changed_do_not_settle_a_search() -> None:
    """It holds half as much for the first 90 s of a search, of which the bracket takes most."""
    answers = []
    for seed in range(100):
        rng, past_s = Random(seed), 0.0

        def server(probe: Probe, rng: Random = rng) -> TrialVerdict:
            nonlocal past_s
            past_s += LONG_S if probe.confirms else SHORT_S
            capacity = (500 if past_s < 90 else 1000) * (1 + 0.1 * (rng.random() - 0.5))
            return "held" if probe.rate_per_s < capacity else "failed"

        answer, trials = searched(Search(rng.uniform(80.0, 170.0)), server)
        answers.append(answer.rate_per_s or 0.0)
        assert len(trials) < 60
    assert sum(abs(answer - 1000) <= 50 for answer in answers) >= 90


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.text("hf", max_size=12))
def test_the_staircase_is_symmetric(verdicts: str) -> None:
    """With every verdict turned round, the rate goes as far the other way."""
    mirrored = long_rates(verdicts.translate(str.maketrans("hf", "fh")))
    for rate, other in zip(long_rates(verdicts), mirrored, strict=False):
        assert rate * other == pytest.approx(100.0**2, rel=2e-3)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=6))
def test_the_answer_is_where_the_isotonic_regression_falls_below_one_half(
    counts: list[tuple[int, int]],
) -> None:
    """Its value is the least, over all that starts at or below, of the greatest mean up to some rate at or above
    (Robertson, Wright and Dykstra, Order Restricted Statistical Inference, 1988, theorem 1.4.4)."""
    counts = [pair for pair in counts if sum(pair)]
    found = rate_with_fewest_contradictions([Tally(float(rate), *pair) for rate, pair in enumerate(counts)])

    def mean(first: int, last: int) -> float:
        held, failed = (sum(pair[side] for pair in counts[first : last + 1]) for side in (0, 1))
        return held / (held + failed)

    places = range(len(counts))
    fitted = [
        min(max(mean(first, last) for last in places if last >= at) for first in places if first <= at)
        for at in places
    ]
    assert found == max((float(at) for at in places if fitted[at] >= 0.5), default=None)
    if found is not None:
        held, failed = counts[int(found)]
        assert held >= failed


def test_where_nothing_held_no_rate_is_the_answer() -> None:
    assert rate_with_fewest_contradictions([]) is None
    assert rate_with_fewest_contradictions([Tally(95.0, 1, 2), Tally(100.0, 0, 1)]) is None


def test_a_trial_that_fails_is_made_once_more_and_the_second_counts() -> None:
    search = Search(100.0)
    once = [Trial(Probe(100.0), "failed")]
    assert next_step(search, once) == Probe(100.0)
    assert next_step(search, [*once, Trial(Probe(100.0), "held")]) == Probe(200.0)
    assert next_step(search, [*once, Trial(Probe(100.0), "failed")]) == Probe(25.0)


def test_a_machine_that_was_slow_for_a_while_is_asked_again() -> None:
    """It holds 1000, but for the time between the bracket and the first long trial that held: then it was 600."""
    trials: list[Trial] = []
    while isinstance(step := next_step(Search(100.0), trials), Probe):
        slow = step.confirms and not any(trial.probe.confirms and trial.verdict == "held" for trial in trials)
        trials.append(Trial(step, holding(600.0 if slow else 1000.0)(step)))
    assert step.limit == "service"
    assert step.rate_per_s is not None
    assert step.rate_per_s < 1000 <= step.rate_per_s * 1.05 * DIGITS


def test_the_bracket_is_halved_geometrically_and_then_confirmed() -> None:
    held = [Trial(Probe(100.0), "held")]
    failed = [Trial(Probe(200.0), "failed")] * 2
    assert next_step(Search(100.0, 0.05), [*held, *failed]) == Probe(141.4)
    near = [Trial(Probe(110.0), "failed")] * 2
    assert next_step(Search(100.0, 0.05), [*held, *near]) == Probe(100.0, confirms=True)


def test_the_staircase_climbs_over_a_bracket_that_was_too_low() -> None:
    """Both short trials of 110 failed by bad luck; the server holds 130."""
    answer, _ = searched(Search(100.0), holding(130.0), BRACKET)
    assert answer == SearchResult(127.6, "service")  # 100 x 1.05^5


def test_the_staircase_descends_from_a_rate_that_held_by_luck() -> None:
    answer, _ = searched(Search(100.0), holding(92.0), BRACKET)
    assert answer == SearchResult(90.7, "service")  # 100 / 1.05^2


def test_a_saturated_generator_is_the_limit_and_the_rate_below_it_the_answer() -> None:
    answer, trials = searched(Search(100.0), lambda probe: "held" if probe.rate_per_s < 700 else "saturated")
    assert answer.limit == "generator"
    assert answer.rate_per_s is not None
    assert 700 / 1.05 / DIGITS < answer.rate_per_s < 700
    saturated = [trial.probe for trial in trials if trial.verdict == "saturated"]
    assert len(set(saturated)) == len(saturated)  # saturation is no hiccup: never made again
    assert tallies(trials)[-2].lead >= 2
    assert tallies(trials)[-1] == Tally(max(probe.rate_per_s for probe in saturated if probe.confirms), 0, 0)


def test_what_fails_next_above_is_the_limit_though_the_generator_is_saturated_beyond() -> None:
    """100 holds, 102.5 fails, and at 105 the generator is saturated."""

    def server(probe: Probe) -> TrialVerdict:
        return "held" if probe.rate_per_s < 101 else "failed" if probe.rate_per_s < 104 else "saturated"

    answer, trials = searched(Search(100.0), server, BRACKET)
    assert Trial(Probe(105.0, confirms=True), "saturated") in trials
    assert answer == SearchResult(100.0, "service")


def test_a_generator_saturated_far_above_does_not_hide_the_capacity() -> None:
    def server(probe: Probe) -> TrialVerdict:
        return "held" if probe.rate_per_s < 500 else "failed" if probe.rate_per_s < 700 else "saturated"

    answer, _ = searched(Search(100.0), server)
    assert answer.limit == "service"
    assert answer.rate_per_s == pytest.approx(500, rel=0.05)


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.floats(0.5, 5000.0), st.floats(0.5, 5000.0))
def test_the_highest_rate_allowed_is_never_exceeded(start: float, most: float) -> None:
    answer, trials = searched(Search(start, max_per_s=most), holding(1e9))
    assert answer == SearchResult(most, "max-rate")
    assert max(trial.probe.rate_per_s for trial in trials) == most
    assert tallies(trials) == (Tally(most, 2, 0),)


def test_the_highest_rate_allowed_must_hold_more_often_than_not() -> None:
    """Short trials hold it, and of the long ones one in three: half of them hold 1000."""
    rng = Random(5)

    def server(probe: Probe) -> TrialVerdict:
        chance = (1150 - probe.rate_per_s) / 300 if probe.confirms else 1.0
        return "held" if rng.random() < chance else "failed"

    answers = [searched(Search(400.0, max_per_s=1050.0), server)[0] for _ in range(200)]
    assert 0.95 * 1000 < sorted(answer.rate_per_s or 0.0 for answer in answers)[100] < 1.05 * 1000
    assert sum(answer.limit == "service" for answer in answers) > 100


@pytest.mark.parametrize(("verdict", "limit"), [("failed", "unattainable"), ("saturated", "generator")])
def test_what_never_holds_is_given_up_soon(verdict: TrialVerdict, limit: str) -> None:
    answer, trials = searched(Search(640.0), lambda _: verdict)
    assert (answer.rate_per_s, answer.limit) == (None, limit)
    assert {trial.probe.rate_per_s for trial in trials} == {640.0, 160.0, 40.0, 10.0}


def test_what_holds_only_when_short_is_given_up_too() -> None:
    answer, _ = searched(Search(640.0), lambda probe: "failed" if probe.confirms else holding(20.0)(probe))
    assert answer == SearchResult(None, "unattainable")
