"""Scenarios for generators whose users come and go; the paths are those of `peer.py`."""

from __future__ import annotations

import os
from random import Random

from scenarios.model import Flow, Pause, Request, Scenario, contains
from scenarios.single import Always

_HELLO = contains(b"hello")


def _pauses(rng: Random) -> Flow:
    yield Request("GET", "/ok")
    yield Pause(600.0)


def _raises(rng: Random) -> Flow:
    yield Request("GET", "/ok")
    raise ValueError("no idea")


def _dies(rng: Random) -> Flow:
    yield Request("GET", "/ok")
    os._exit(3)


def _mixed(rng: Random) -> Flow:
    yield Request("GET", "/ok", name="front page")
    yield Request("POST", "/ok")
    yield Request("GET", "/wrong-body", check=_HELLO)


_PATHS = ("ok", "slow", "silent", "half", "no-answer", "status-503")
SCENARIOS = {path: Scenario(path, Always(Request("GET", f"/{path}", check=_HELLO))) for path in _PATHS} | {
    "pauses": Scenario("pauses", _pauses),
    "raises": Scenario("raises", _raises),
    "dies": Scenario("dies", _dies),
    "mixed": Scenario("mixed", _mixed),
    "prepared": Scenario(
        "prepared", Always(Request("GET", "/ok")), prepare=Always(Request("GET", "/continue"))
    ),
    "unprepared": Scenario(
        "unprepared", Always(Request("GET", "/ok")), prepare=Always(Request("GET", "/status-503"))
    ),
}
