"""Endpoints with three dependencies, by kind: the cost of each hop to a thread."""

from __future__ import annotations

from scenarios.model import Request, Scenario, contains
from scenarios.single import Always

_sum = contains(b'{"total":6}')

dependencies_async = Always(Request("GET", "/bench/dependencies/async", check=_sum))
dependencies_sync = Always(Request("GET", "/bench/dependencies/sync", check=_sum))
dependencies_chain = Always(Request("GET", "/bench/dependencies/chain", check=_sum))

SCENARIOS = {
    "dependencies-async": Scenario(
        "dependencies-async", dependencies_async, about="Three coroutine functions as dependencies."
    ),
    "dependencies-sync": Scenario(
        "dependencies-sync", dependencies_sync, about="Three plain functions as dependencies, run in threads."
    ),
    "dependencies-chain": Scenario(
        "dependencies-chain", dependencies_chain, about="Three coroutine functions that ask for each other."
    ),
}
