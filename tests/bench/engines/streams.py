"""A scenario for `streamer.py`: one answer of each kind in a session."""

from __future__ import annotations

from random import Random

from scenarios.model import Flow, Request, Scenario

PATHS = ("/same", "/varied", "/length", "/whole", "/close")


def _session(rng: Random) -> Flow:
    for path in PATHS:
        yield Request("GET", path, name=path)


SCENARIOS = {"streams": Scenario("streams", _session, about="Answers in pieces.")}
