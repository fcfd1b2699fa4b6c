from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.engines.peer import Peer
from tests.bench.locust.by_hand import ByHand, lay_out
from tests.test_locustfile import locust

PAUSES = """
from scenarios.model import Pause, Request, Scenario


def paused(rng):
    yield Request("GET", "/ok")
    yield Pause(30)
    yield Request("GET", "/ok")


SCENARIOS = {"paused": Scenario("paused", paused)}
"""


@pytest.mark.parametrize("client", ["fast", "http"])
def test_a_user_who_pauses_in_a_session_ends_at_the_stop_and_sends_nothing_more(
    client: str, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(PAUSES)
    with Peer() as peer:
        load = ("--headless", "-u", "2", "-r", "2", "--run-time", "1s", "--stop-timeout", "50", "--json")
        host = f"http://127.0.0.1:{peer.port}"
        done = locust("PausedUser", *load, "--only-summary", "--host", host, scenarios=mine, client=client)
    (entry,) = json.loads(done.stdout)
    assert (entry["num_requests"], entry["num_failures"], peer.seen["/ok"]) == (2, 0, 2)


def test_users_pause_between_sessions_as_long_as_they_are_told(by_hand: ByHand) -> None:
    """Of two users with pauses of 1 s on average, each has three sessions or so in 3 s; without, hundreds."""
    outcome = by_hand.run("OkUser", "--think", "1", "--run-time", "3s")
    assert 2 <= outcome.entries["/ok"]["num_requests"] == by_hand.peer.seen["/ok"] < 40


def test_an_option_wins_over_the_pause_of_a_class(by_hand: ByHand) -> None:
    lay_out(by_hand.folder, journeys=True)
    outcome = by_hand.run("JourneyGuestUser", "--think", "0", "--run-time", "3s")
    assert len(outcome.times_ms) == by_hand.peer.seen["/ok"] > 60
