"""Scenarios for the paths of `peer.py`, as a user's own file would hold them, and a few that go wrong themselves."""

from __future__ import annotations

import importlib
import math
import os
import time
from collections.abc import Callable
from random import Random

from scenarios.model import Flow, Request, Scenario, contains
from scenarios.single import Always

_HELLO = contains(b"hello")
_REQUESTS = {
    "head": Request("HEAD", "/head"),
    "no-content": Request("GET", "/no-content", expect=204),
}
_PATHS = (
    *("ok", "chunked", "pieces", "continue", "says-close", "until-close", "just-closes", "garbage", "twice"),
    *(
        "truncated",
        "no-answer",
        "reset",
        "silent",
        "drip",
        "status-503",
        "wrong-body",
        "slow",
        "half",
        "stalls",
    ),
)


def _session(rng: Random) -> Flow:
    for name in ("first", "second", "third"):
        yield Request("GET", "/ok", name=name, check=_HELLO)


def _gives_up(rng: Random) -> Flow:
    yield Request("GET", "/ok", name="before")
    yield Request("GET", "/status-503", name="wrong")
    yield Request("GET", "/ok", name="after")


def _falls_silent(rng: Random) -> Flow:
    for _ in range(20):
        yield Request("GET", "/ok")
    yield Request("GET", "/silent")


def _lasts(rng: Random) -> Flow:
    yield Request("GET", "/slow", name="log in")
    while True:
        yield Request("GET", "/ok", name="go on")


def _draws(rng: Random) -> Flow:
    yield Request("GET", "/ok", name=f"item {rng.getrandbits(32)}")


def _raises(rng: Random) -> Flow:
    response = yield Request("GET", "/ok")
    raise ValueError(f"no idea what to do with {response.body.decode()}")


def _raises_at_once(rng: Random) -> Flow:
    raise ValueError("no idea where to begin")
    yield Request("GET", "/ok")


def _dies(rng: Random) -> Flow:
    yield Request("GET", "/ok")
    print("farewell", flush=True)
    os._exit(3)


def _chatters(rng: Random) -> Flow:
    print("chatter")
    yield Request("GET", "/slow")


class _Late:
    """A flow that is an ordinary one at first, and does something else once, after 0.3 s."""

    def __init__(self, deed: Callable[[], object]) -> None:
        self._deed = deed
        self._at_s = math.inf

    def __call__(self, rng: Random) -> Flow:
        now_s = time.monotonic()
        if self._at_s == math.inf:
            self._at_s = now_s + 0.3
        elif now_s > self._at_s:
            self._at_s = now_s + 3600
            self._deed()
        yield Request("GET", "/ok", check=_HELLO)


def _compute() -> None:
    until_s = time.monotonic() + 0.06
    while time.monotonic() < until_s:
        pass


_FLOWS: dict[str, Callable[[Random], Flow]] = {
    "dawdles": _Late(_compute),
    "imports": _Late(lambda: importlib.import_module("wave")),
    **{path: Always(Request("GET", f"/{path}", check=_HELLO)) for path in _PATHS},
    **{name: Always(request) for name, request in _REQUESTS.items()},
    "session": _session,
    "gives-up": _gives_up,
    "falls-silent": _falls_silent,
    "lasts": _lasts,
    "draws": _draws,
    "raises": _raises,
    "raises-at-once": _raises_at_once,
    "dies": _dies,
    "chatters": _chatters,
}

SCENARIOS = {
    name: Scenario(name, flow, victim=Always(Request("GET", "/slow"))) for name, flow in _FLOWS.items()
}
