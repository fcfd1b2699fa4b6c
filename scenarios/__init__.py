"""The workloads, each written once, and the one table of them by name."""

from __future__ import annotations

from scenarios import cpu, db, io, items, noop, ping, serialisation
from scenarios.model import Scenario

SCENARIOS: dict[str, Scenario] = {
    **noop.SCENARIOS,
    **ping.SCENARIOS,
    **io.SCENARIOS,
    **cpu.SCENARIOS,
    **serialisation.SCENARIOS,
    **db.SCENARIOS,
    **items.SCENARIOS,
}
