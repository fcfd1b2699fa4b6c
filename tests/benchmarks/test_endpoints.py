"""What an endpoint costs without a server around it, twin beside twin: `make micro`.

The figure of `background` holds its task, too, which a server runs after the answer.
"""

from __future__ import annotations

from random import Random

import pytest

from scenarios import SCENARIOS
from scenarios.model import Scenario, drive_async
from tests.benchmarks.apps import AppOn
from tests.benchmarks.measuring import AT_ONCE, Measure, Subject

TWINS = {one.group for one in SCENARIOS.values() if one.variant in ("async", "sync")} | {"json"}


def _group(scenario: Scenario) -> str | None:
    """The twins a scenario belongs to; `items-crud` is one of `items-crud`, as `items-crud-sync` is."""
    return next((group for group in (scenario.name, scenario.group) if group in TWINS), None)


def _cases() -> list[tuple[str, str, str]]:
    """Everything on uvloop and SQLite; asyncio where a loop matters most, PostgreSQL where a database does."""
    cases = []
    for scenario in SCENARIOS.values():
        group = _group(scenario)
        if group is None:
            continue
        cases.append((scenario.name, "uvloop", "sqlite"))
        if group in ("noop", "io") or group.startswith("db"):
            cases.append((scenario.name, "asyncio", "sqlite"))
        if group.startswith(("db", "items")):
            cases.append((scenario.name, "uvloop", "postgres"))
    return cases


@pytest.mark.parametrize("concurrency", [1, AT_ONCE], ids=["alone", "at-once"])
@pytest.mark.parametrize(("name", "loop", "database"), _cases())
def test_endpoint(
    name: str,
    loop: str,
    database: str,
    concurrency: int,
    app_on: AppOn,
    measure: Measure,
) -> None:
    """Sessions of a scenario, each answer of which is right."""
    scenario, inside, rng = SCENARIOS[name], app_on(loop, database).inside, Random(1)
    subject = Subject(name, "endpoint", _group(scenario) or "", name, database)
    sessions = measure.coroutines(
        subject, inside.loop, lambda: drive_async(scenario.flow(rng), inside.visit().call), concurrency
    )
    faults = {request.fault(response) for session in sessions for request, response in session}
    assert len(sessions) == concurrency
    assert faults == {None}


def test_every_twin_group_is_there() -> None:
    groups = {_group(SCENARIOS[name]) for name, _, _ in _cases()}
    assert groups >= {
        *("noop", "io", "io-fanout", "cpu", "cpu-hash", "json", "dependencies", "background", "stream"),
        *("db-orm", "db-core", "db-raw", "db-list", "db-counter", "items-crud"),
    }
