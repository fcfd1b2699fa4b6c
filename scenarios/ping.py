"""The cheapest response, and the bystander of loads that hold the event loop."""

from __future__ import annotations

from scenarios.model import Request, Scenario, contains
from scenarios.single import Always

ping = Always(Request("GET", "/bench/ping", check=contains(b'"pong"')))

SCENARIOS = {
    "ping": Scenario("ping", ping, about="A constant answer: the probe that shows who else suffers."),
}
