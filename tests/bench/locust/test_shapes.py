from __future__ import annotations

from tests.bench.locust.by_hand import ByHand

FOR_LONG = ("--run-time", "10m")
"""A shape ends by itself long before."""


def test_steps_have_their_users_and_their_figures(by_hand: ByHand) -> None:
    outcome = by_hand.run(
        "SlowUser", *FOR_LONG, "--shape", "steps", "--steps", "2", "--step-time", "3", "-u", "4"
    )
    (left,) = outcome.left
    first, second = left["stages"]
    assert (first["stage"], second["stage"]) == ("step 1: 2 users", "step 2: 4 users")
    assert (first["users"], second["users"]) == (2, 4)
    assert first["requests"] < second["requests"]
    assert (
        by_hand.peer.seen["/slow"] - 4 <= first["requests"] + second["requests"] <= by_hand.peer.seen["/slow"]
    )
    assert outcome.status == 0


def test_a_spike_comes_and_goes(by_hand: ByHand) -> None:
    outcome = by_hand.run(
        "SlowUser", *FOR_LONG, "--shape", "spike", "--spike", "3", "--step-time", "3", "-u", "2"
    )
    (left,) = outcome.left
    before, spike, after = left["stages"]
    assert [row["users"] for row in (before, spike, after)] == [2, 6, 2]
    assert spike["requests"] > before["requests"]


def test_a_ramp_ends_with_the_step_that_breaks_an_objective_and_names_the_one_before(by_hand: ByHand) -> None:
    """Half of the answers fail from the first one on; the mean of the other objective holds for ever."""
    objectives = ("--slo", "mean<10s", "--slo", "errors<10%")
    load = (*FOR_LONG, "--shape", "ramp-to-capacity", "--steps", "3", "--step-time", "2", "-u", "6")
    outcome = by_hand.run("HalfUser", *load, *objectives)
    (left,) = outcome.left
    stage, conclusion = left["stages"]
    assert stage["users"] == 2
    assert stage["verdict"] == "errors 50 % (errors<10%)" or stage["verdict"].startswith("errors ")
    assert conclusion["stage"].startswith("capacity: fewer than 2 users; with 2 users errors ")
    assert conclusion["stage"] in outcome.said


def test_a_ramp_without_a_break_says_that_the_capacity_is_more(by_hand: ByHand) -> None:
    load = (
        *FOR_LONG,
        "--shape",
        "ramp-to-capacity",
        "--steps",
        "2",
        "--step-time",
        "2",
        "-u",
        "4",
        "--slo",
        "p99<20s",
    )
    (left,) = by_hand.run("SlowUser", *load).left
    first, second, conclusion = left["stages"]
    assert (first["verdict"], second["verdict"]) == ("held", "held")
    assert conclusion["stage"] == "capacity: more than 4 users, with which all objectives held"


def test_steps_that_end_before_workers_report_are_refused(by_hand: ByHand) -> None:
    outcome = by_hand.run("OkUser", *FOR_LONG, "--shape", "steps", "--step-time", "1", "--processes", "2")
    assert outcome.status != 0
    assert "give --step-time 2 or more" in outcome.said


def test_a_ramp_over_two_workers_ends_with_its_masters_verdict(by_hand: ByHand) -> None:
    load = ("--shape", "ramp-to-capacity", "--steps", "2", "--step-time", "6", "-u", "4", "--processes", "2")
    outcome = by_hand.run("SlowUser", *FOR_LONG, *load, "--slo", "p99<200ms")
    stage, conclusion = max((one["stages"] for one in outcome.left), key=len)
    assert stage["users"] == 2
    assert stage["requests"] > 0
    assert stage["verdict"].startswith("p99 ")
    assert conclusion["stage"].startswith("capacity: fewer than 2 users; with 2 users p99 ")
