"""The workloads, each written once, and the one table of them by name."""

from __future__ import annotations

from scenarios import (
    background,
    cpu,
    db,
    dependencies,
    io,
    items,
    noop,
    ping,
    serialisation,
    stream,
    tfb,
)
from scenarios.model import Scenario

SCENARIOS: dict[str, Scenario] = {
    **noop.SCENARIOS,
    **ping.SCENARIOS,
    **io.SCENARIOS,
    **cpu.SCENARIOS,
    **serialisation.SCENARIOS,
    **dependencies.SCENARIOS,
    **background.SCENARIOS,
    **stream.SCENARIOS,
    **db.SCENARIOS,
    **items.SCENARIOS,
    **tfb.SCENARIOS,
}
