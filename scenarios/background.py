"""Endpoints that leave a background task of 10 ms."""

from __future__ import annotations

from scenarios.model import Request, Scenario, contains
from scenarios.ping import ping
from scenarios.single import Always

_MS = 10

_done = contains(b'{"value":')

background_async = Always(Request("POST", f"/bench/background/async?ms={_MS}", expect=202, check=_done))
background_sync = Always(Request("POST", f"/bench/background/sync?ms={_MS}", expect=202, check=_done))

SCENARIOS = {
    "background-async": Scenario(
        "background-async",
        background_async,
        about="An answer, then 10 ms of waiting on the event loop.",
        victim=ping,
    ),
    "background-sync": Scenario(
        "background-sync", background_sync, about="An answer, then 10 ms of waiting in a thread.", victim=ping
    ),
}
