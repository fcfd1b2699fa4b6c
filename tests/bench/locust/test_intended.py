from __future__ import annotations

from tests.bench.locust.by_hand import ByHand

SUFFIX = " (from the intended start)"


def test_sessions_that_cannot_keep_their_pace_are_late_by_what_they_lack(by_hand: ByHand) -> None:
    """A session is due every 100 ms and takes 250: the n-th is late by (n - 1) times 150 ms, at the least."""
    outcome = by_hand.run("SlowUser", "--pace", "0.1", "-u", "1", "-r", "1", "--run-time", "3s")
    sent, intended = outcome.entries["/slow"], outcome.entries["/slow" + SUFFIX]
    requests = sent["num_requests"]
    assert requests == intended["num_requests"] == by_hand.peer.seen["/slow"] > 2
    late_ms = intended["total_response_time"] - sent["total_response_time"]
    least_ms = 150 * requests * (requests - 1) / 2
    assert late_ms >= 0.99 * least_ms


def test_sessions_that_keep_their_pace_are_not_late_and_are_as_many_as_are_due(by_hand: ByHand) -> None:
    outcome = by_hand.run("OkUser", "--pace", "0.5", "-u", "2", "-r", "2", "--run-time", "3s")
    assert 8 <= outcome.entries["/ok"]["num_requests"] <= 14
    assert outcome.entries["/ok" + SUFFIX]["num_requests"] == outcome.entries["/ok"]["num_requests"]


def test_failures_are_counted_in_the_row_from_the_intended_start_too(by_hand: ByHand) -> None:
    outcome = by_hand.run("HalfUser", "--pace", "0.1")
    sent, intended = outcome.entries["/half"], outcome.entries["/half" + SUFFIX]
    assert sent["num_failures"] == intended["num_failures"] == by_hand.peer.seen["/half"] // 2 > 0
    assert f"{sum(len(one['times']) for one in outcome.left)}" == f"{sent['num_requests']}"


def test_users_without_a_pace_or_a_rate_have_no_such_row(by_hand: ByHand) -> None:
    assert list(by_hand.run("OkUser").entries) == ["/ok"]
