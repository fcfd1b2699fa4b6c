"""The search for the capacity, against made-up servers whose capacity is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.capacity import Answer, Probe, Search, Trial, Verdict, next_step

Server = Callable[[Probe], Verdict]
CAPACITIES = st.floats(1.0, 200_000.0)
STARTS = st.floats(0.02, 4.0)
TOLERANCES = st.sampled_from([0.01, 0.05, 0.1, 0.3])
DIGITS = 1.001  # rates are told in four digits


def searched(search: Search, server: Server) -> tuple[Answer, list[Trial]]:
    trials: list[Trial] = []
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
def test_hiccups_that_fail_one_trial_in_ten_never_raise_the_answer_and_lower_it_little(
    capacity: float, start: float, seed: int
) -> None:
    """A step of the staircase is lost when it fails twice, once in a hundred; two such in a row do not happen here."""
    rng, steady = Random(seed), holding(capacity)
    answer, _ = searched(
        Search(start * capacity), lambda probe: "failed" if rng.random() < 0.1 else steady(probe)
    )
    assert answer.rate_per_s is not None
    assert capacity / 1.05**2 / DIGITS < answer.rate_per_s < capacity


def test_noise_spreads_the_answers_less_than_a_tenth() -> None:
    """A capacity that wanders by 3 % from trial to trial, and a hiccup in one of ten trials: a hundred searches."""
    rng = Random(1)

    def noisy(probe: Probe) -> Verdict:
        capacity = 1000 * math.exp(rng.gauss(0, 0.03))
        return "failed" if rng.random() < 0.1 or probe.rate_per_s >= capacity else "held"

    answers = sorted(searched(Search(130.0), noisy)[0].rate_per_s or 0.0 for _ in range(100))
    assert answers[50] == pytest.approx(1000, rel=0.05)
    assert answers[10] > 0.9 * answers[50]
    assert answers[90] < 1.1 * answers[50]


def test_a_trial_that_fails_is_made_once_more_and_the_second_counts() -> None:
    search = Search(100.0)
    once = [Trial(Probe(100.0), "failed")]
    assert next_step(search, once) == Probe(100.0)
    assert next_step(search, [*once, Trial(Probe(100.0), "held")]) == Probe(200.0)
    assert next_step(search, [*once, Trial(Probe(100.0), "failed")]) == Probe(25.0)


def test_a_long_trial_that_fails_is_made_twice_more() -> None:
    short = [Trial(Probe(100.0), "held"), *[Trial(Probe(110.0), "failed")] * 2]
    long = Probe(100.0, confirms=True)
    for tries in (1, 2):
        assert next_step(Search(100.0), [*short, *[Trial(long, "failed")] * tries]) == long
    assert next_step(Search(100.0), [*short, *[Trial(long, "failed")] * 3]) == Probe(95.24, confirms=True)


def test_a_machine_that_was_slow_for_a_while_is_asked_again() -> None:
    """It holds 1000, but for the time between the bracket and the first long trial that held: then it was 600."""
    trials: list[Trial] = []
    while isinstance(step := next_step(Search(100.0), trials), Probe):
        slow = step.confirms and not any(trial.probe.confirms and trial.verdict == "held" for trial in trials)
        trials.append(Trial(step, holding(600.0 if slow else 1000.0)(step)))
    assert step.limit == "service"
    assert step.rate_per_s is not None
    assert step.rate_per_s < 1000 <= step.rate_per_s * 1.05 * DIGITS


def in_phases(rng: Random, slow_s: float = 30.0, full_s: float = 90.0) -> Server:
    """A machine that loses a quarter of its speed now and then; a trial takes 7 s, and 15 s if it confirms."""
    slow, left_s = False, rng.expovariate(1 / full_s)

    def server(probe: Probe) -> Verdict:
        nonlocal slow, left_s
        span_s, worst = (15.0 if probe.confirms else 7.0), slow
        while span_s > left_s:
            span_s, slow = span_s - left_s, not slow
            left_s, worst = rng.expovariate(1 / (slow_s if slow else full_s)), worst or slow
        left_s -= span_s
        capacity = 1000 * (0.75 if worst else 1.0) * math.exp(rng.gauss(0, 0.03))
        return "held" if probe.rate_per_s < capacity else "failed"

    return server


def test_three_searches_on_a_machine_with_slow_phases_agree_within_a_tenth_more_often_than_not() -> None:
    agreed = 0
    for seed in range(200):
        server = in_phases(Random(seed))
        rates = [searched(Search(130.0), server)[0].rate_per_s or 0.0 for _ in range(3)]
        agreed += max(rates) <= 1.1 * min(rates)
    assert agreed > 120


def test_the_bracket_is_halved_geometrically_and_then_confirmed() -> None:
    held = [Trial(Probe(100.0), "held")]
    failed = [Trial(Probe(200.0), "failed")] * 2
    assert next_step(Search(100.0, 0.05), [*held, *failed]) == Probe(141.4)
    near = [Trial(Probe(110.0), "failed")] * 2
    assert next_step(Search(100.0, 0.05), [*held, *near]) == Probe(100.0, confirms=True)


def test_the_staircase_climbs_over_a_bracket_that_was_too_low() -> None:
    """Both short trials of 110 failed by bad luck; the server holds 130."""
    trials = [Trial(Probe(100.0), "held"), *[Trial(Probe(110.0), "failed")] * 2]
    server = holding(130.0)
    while isinstance(step := next_step(Search(100.0, 0.05), trials), Probe):
        assert step.confirms
        trials.append(Trial(step, server(step)))
    assert step == Answer(127.6, "service")  # 100 x 1.05^5


def test_the_staircase_descends_from_a_rate_that_held_by_luck() -> None:
    trials = [Trial(Probe(100.0), "held"), *[Trial(Probe(110.0), "failed")] * 2]
    server = holding(92.0)
    while isinstance(step := next_step(Search(100.0, 0.05), trials), Probe):
        trials.append(Trial(step, server(step)))
    assert step == Answer(90.7, "service")  # 100 / 1.05^2


def test_a_saturated_generator_is_the_limit_and_the_rate_below_it_the_answer() -> None:
    answer, trials = searched(Search(100.0), lambda probe: "held" if probe.rate_per_s < 700 else "saturated")
    assert answer.limit == "generator"
    assert answer.rate_per_s is not None
    assert 700 / 1.05 / DIGITS < answer.rate_per_s < 700
    assert len({(t.probe, t.verdict) for t in trials}) == len(
        trials
    )  # saturation is no hiccup: never made again


def test_a_generator_saturated_far_above_does_not_hide_the_capacity() -> None:
    def server(probe: Probe) -> Verdict:
        return "held" if probe.rate_per_s < 500 else "failed" if probe.rate_per_s < 700 else "saturated"

    answer, _ = searched(Search(100.0), server)
    assert answer.limit == "service"
    assert answer.rate_per_s == pytest.approx(500, rel=0.05)


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.floats(0.5, 5000.0), st.floats(0.5, 5000.0))
def test_the_highest_rate_allowed_is_never_exceeded(start: float, most: float) -> None:
    answer, trials = searched(Search(start, max_per_s=most), holding(1e9))
    assert answer == Answer(most, "max-rate")
    assert max(trial.probe.rate_per_s for trial in trials) == most


@pytest.mark.parametrize(("verdict", "limit"), [("failed", "unattainable"), ("saturated", "generator")])
def test_what_never_holds_is_given_up_soon(verdict: Verdict, limit: str) -> None:
    answer, trials = searched(Search(640.0), lambda _: verdict)
    assert (answer.rate_per_s, answer.limit) == (None, limit)
    assert {trial.probe.rate_per_s for trial in trials} == {640.0, 160.0, 40.0, 10.0}


def test_what_holds_only_when_short_is_given_up_too() -> None:
    answer, _ = searched(Search(640.0), lambda probe: "failed" if probe.confirms else holding(20.0)(probe))
    assert answer == Answer(None, "unattainable")
