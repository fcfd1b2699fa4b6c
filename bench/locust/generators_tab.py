"""A tab with a line for each generator of a fleet, whether on one machine or on many."""

from __future__ import annotations

from locust.env import Environment
from locust.event import Events
from locust.runners import MasterRunner

from bench.locust.fleet import fleet_figures
from bench.locust.tabs import TabRow, add_tab
from bench.model.record import FleetGenerator

_COLUMNS = {
    "name": "Worker",
    "state": "State",
    "users": "Most users",
    "requests": "Requests",
    "errors": "Failures",
    "p99": "p99 (ms)",
    "cpu": "CPU (% of a core)",
    "lag": "Worst loop lag (ms)",
    "trip": "Round trip to master (ms)",
    "ahead": "Clock ahead (ms)",
}


def install(events: Events) -> None:
    """Add the tab to the web UI of a master."""
    events.init.add_listener(_add)


def _add(environment: Environment, **_: object) -> None:
    if isinstance(environment.runner, MasterRunner):
        add_tab(
            environment, "Generators", _COLUMNS, lambda: [row_of(one) for one in fleet_figures(environment)]
        )


def row_of(one: FleetGenerator) -> TabRow:
    """The line of a generator, its figures as people read them."""
    return {
        "name": one.name,
        "state": "lost" if one.is_lost else "",
        "users": one.users,
        "requests": one.requests,
        "errors": one.errors,
        "p99": _shown(one.p99_ms),
        "cpu": None if one.cpu_share is None else f"{100 * one.cpu_share:.0f}",
        "lag": _shown(one.lag_ms),
        "trip": _shown(one.round_trip_ms),
        "ahead": _shown(one.ahead_ms),
    }


def _shown(value: float | None) -> str | None:
    return None if value is None else f"{round(value, 1) + 0.0:,.1f}"  # no -0.0
