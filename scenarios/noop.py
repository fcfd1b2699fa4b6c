"""Endpoints that do nothing: the cost of the framework, and of the hop to a thread."""

from __future__ import annotations

from scenarios.model import Request, Scenario, contains
from scenarios.single import Always

_hello = contains(b'"hello"')

noop_async = Always(Request("GET", "/bench/noop/async", check=_hello))
noop_sync = Always(Request("GET", "/bench/noop/sync", check=_hello))

SCENARIOS = {
    "noop-async": Scenario("noop-async", noop_async, about="A constant from an async endpoint."),
    "noop-sync": Scenario("noop-sync", noop_sync, about="A constant from a plain function, run in a thread."),
}
