"""The workloads, each written once, in one table by name."""

from __future__ import annotations

from scenarios import (
    background,
    cpu,
    db,
    dependencies,
    features,
    io,
    items,
    journeys,
    noop,
    ping,
    serialisation,
    sse,
    stream,
    tfb,
    users,
    ws,
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
    **sse.SCENARIOS,
    **ws.SCENARIOS,
    **db.SCENARIOS,
    **items.SCENARIOS,
    **tfb.SCENARIOS,
    **features.SCENARIOS,
    **users.SCENARIOS,
    **journeys.SCENARIOS,
}
