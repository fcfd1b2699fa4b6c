"""`bench list`: the names of setups, scenarios and plans."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from bench.cli._lookup import load_scenarios
from bench.cli._options import PlansFile, ScenariosFile, SetupsFile
from bench.cli._terminal import say
from bench.model.plan import Plan, Setup
from bench.plan.config import load_plans, load_setups
from scenarios.model import Scenario

_KINDS = "setups, scenarios or plans"


def list_(
    kind: Annotated[Literal["setups", "scenarios", "plans"], typer.Argument(metavar="KIND", help=_KINDS)],
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    plans: PlansFile = None,
) -> None:
    """Name what can be run, with a line about each."""
    entries: dict[str, Setup] | dict[str, Scenario] | dict[str, Plan]
    if kind == "setups":
        entries = load_setups(setups)
    elif kind == "scenarios":
        entries = load_scenarios(scenarios)
    else:
        entries = load_plans(plans)
    width = max(map(len, entries))
    for name, entry in entries.items():
        say(f"{name:<{width}}  {entry.about}".rstrip())
