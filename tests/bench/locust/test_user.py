from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.engines.peer import Peer
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
