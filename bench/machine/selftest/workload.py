"""The scenario that the engines run against a truth server: one request, its body checked."""

from __future__ import annotations

from bench.machine.selftest.behaviours import BODY
from scenarios.model import Request, Scenario, contains
from scenarios.single import Always

NAME = "selftest"
SCENARIOS = {
    NAME: Scenario(
        NAME, Always(Request("GET", "/selftest", check=contains(BODY))), about="one request to a truth server"
    )
}
