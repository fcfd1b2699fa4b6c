from __future__ import annotations

import pytest

from tests.bench.locust.by_hand import ByHand
from tests.bench.locust.gevented import evaluate


def test_a_stage_has_what_was_counted_since_it_began() -> None:
    code = """
from bench.locust.stages import Counted
before, after = Counted(3, 1, {1.0: 2, 5.0: 1}), Counted(10, 1, {1.0: 2, 5.0: 7, 9.0: 1})
gained = after.since(before)
give([gained.requests, gained.failures, list(gained.times.items()), before.since(after) == before])
"""
    assert evaluate(code) == [7, 0, [[5.0, 6], [9.0, 1]], True]


def test_a_run_without_a_shape_has_the_start_of_its_users_and_all_of_them(by_hand: ByHand) -> None:
    outcome = by_hand.run("SlowUser", "-u", "4", "-r", "2", "--run-time", "4s")
    (left,) = outcome.left
    start, all_users = left["stages"]
    assert (start["stage"], all_users["stage"]) == ("users start", "4 users")
    assert all_users["users"] == 4
    counted = start["requests"] + all_users["requests"]
    assert by_hand.peer.seen["/slow"] - 4 <= counted <= by_hand.peer.seen["/slow"]
    assert 250 <= all_users["p50"] <= all_users["p99"]
    assert all_users["rate"] == pytest.approx(all_users["requests"] / all_users["seconds"], rel=0.1)
    assert start["failures"] == all_users["failures"] == 0


def test_stages_of_workers_are_their_masters(by_hand: ByHand) -> None:
    outcome = by_hand.run("SlowUser", "-u", "4", "-r", "4", "--run-time", "8s", "--processes", "2")
    staged = [one["stages"] for one in outcome.left]
    assert sorted(map(len, staged)) == [0, 0, 2]
    rows = max(staged, key=len)
    assert rows[-1]["stage"] == "4 users"
    assert 0 < sum(row["requests"] for row in rows) <= by_hand.peer.seen["/slow"]
