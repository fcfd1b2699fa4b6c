from __future__ import annotations

import pytest

from tests.bench.locust.by_hand import ByHand


@pytest.mark.parametrize("more", [(), ("--processes", "2")], ids=["one process", "two workers"])
def test_sessions_start_at_the_rate_of_all_users_and_workers_together(
    more: tuple[str, ...], by_hand: ByHand
) -> None:
    """300 sessions are due in 10 s, give or take 17 (the square root): wide of 600, two workers' with a rate each."""
    outcome = by_hand.run("OkUser", "--rate", "30", "-u", "8", "-r", "8", "--run-time", "10s", *more)
    requests = outcome.entries["/ok"]["num_requests"]
    assert requests == by_hand.peer.seen["/ok"]
    assert 200 < requests < 400


def test_sessions_without_a_free_user_wait_and_their_wait_is_counted(by_hand: ByHand) -> None:
    """One user answers 4 of the 20 a second that are due: in 4 s, the last one waits for more than 2 s."""
    outcome = by_hand.run("SlowUser", "--rate", "20", "-u", "1", "-r", "1", "--run-time", "4s")
    sent, intended = (outcome.entries[name] for name in ("/slow", "/slow (from the intended start)"))
    assert sent["num_requests"] == intended["num_requests"] == by_hand.peer.seen["/slow"]
    assert sent["min_response_time"] >= 250
    assert intended["max_response_time"] > 2000 > sent["max_response_time"]
    assert outcome.status == 0


@pytest.mark.parametrize("more", [(), ("--processes", "2")], ids=["one process", "two workers"])
def test_open_arrivals_shed_what_finds_no_user_free_and_count_it(
    more: tuple[str, ...], by_hand: ByHand
) -> None:
    """Two users answer 8 of the 40 a second that arrive in 6 s: about 190 are shed, and no session starts late."""
    load = ("--shape", "open-arrivals", "--rate", "40", "-u", "2", "--run-time", "6s")
    outcome = by_hand.run("SlowUser", *load, *more)
    shed = outcome.entries["sessions that arrived"]
    requests = outcome.entries["/slow"]["num_requests"]
    assert requests == by_hand.peer.seen["/slow"]
    assert 100 < shed["num_failures"] < 300
    assert shed["num_requests"] == 0
    late_ms = (
        outcome.entries["/slow (from the intended start)"]["total_response_time"]
        - outcome.entries["/slow"]["total_response_time"]
    )
    assert late_ms / requests < 200
    assert outcome.status == 1
    assert len(outcome.times_ms) == requests
