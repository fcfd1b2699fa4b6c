"""`bench list`: the names of setups, scenarios and plans."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from bench.cli._lookup import configure, load_scenarios, service_scenarios
from bench.cli._options import PlansFile, ScenariosFile, SetupsFile
from bench.cli._terminal import say
from bench.model.plan import Plan, Setup
from bench.plan.configuration import Configuration
from scenarios.model import Scenario

_KINDS = "setups, scenarios or plans"


def list_(
    kind: Annotated[Literal["setups", "scenarios", "plans"], typer.Argument(metavar="KIND", help=_KINDS)],
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    plans: PlansFile = None,
) -> None:
    """Name what can be run, with a line about each; scenarios with their tags.

    \b
    bench list setups
    bench list scenarios --scenarios bench_scenarios.py
    """
    configuration = configure(setups=setups, scenarios=scenarios, plans=plans)
    entries: dict[str, Setup] | dict[str, Scenario] | dict[str, Plan]
    if kind == "setups":
        entries = configuration.setups()
    elif kind == "scenarios":
        entries = _scenarios(configuration)
    else:
        entries = configuration.plans(service_scenarios(configuration))
    width = max(map(len, entries), default=0)
    for name, entry in entries.items():
        tags = f"  [{', '.join(entry.tags)}]" if isinstance(entry, Scenario) and entry.tags else ""
        say(f"{name:<{width}}  {entry.about}{tags}".rstrip())


def _scenarios(configuration: Configuration) -> dict[str, Scenario]:
    """Those of the service where it has some: the shipped ones are for the demo."""
    known = load_scenarios(configuration.scenarios_file)
    return {name: known[name] for name in service_scenarios(configuration) or known}
