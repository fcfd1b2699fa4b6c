"""`bench report`, `bench list`: what was measured, and what could be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bench.cli.lookup import all_scenarios
from bench.cli.options import PlansFile, ScenariosFile, SetupsFile
from bench.cli.terminal import say, shown

if TYPE_CHECKING:
    from bench.model import Plan, Setup
    from scenarios.model import Scenario

_KINDS = "setups, scenarios or plans"


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")] = Path("reports/latest"),
) -> None:
    """Write the report of a run again, finished or interrupted."""
    from bench.report import write
    from bench.store import read_run

    folder = run.resolve()
    page = write(read_run(folder), folder)
    say(shown(page))


def list_(
    kind: Annotated[Literal["setups", "scenarios", "plans"], typer.Argument(metavar="KIND", help=_KINDS)],
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    plans: PlansFile = None,
) -> None:
    """Name what can be run, with a line about each."""
    from bench.config import load_plans, load_setups

    named: dict[str, Setup] | dict[str, Scenario] | dict[str, Plan]
    if kind == "setups":
        named = load_setups(setups)
    elif kind == "scenarios":
        named = all_scenarios(scenarios)
    else:
        named = load_plans(plans)
    width = max(map(len, named))
    for name, thing in named.items():
        say(f"{name:<{width}}  {thing.about}".rstrip())
