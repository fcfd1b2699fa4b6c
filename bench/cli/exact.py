"""`bench exact`: does a change execute more instructions?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bench.cli._failure import exit_2_on_failure
from bench.cli._groups import takes
from bench.cli._lookup import (
    check_known,
    configure,
    find_setup,
    known_scenarios,
    service_notes,
    usual_scenarios,
)
from bench.cli._options import FIRST_SETUP, ScenariosFile, SetupsFile, option
from bench.cli._service import ServiceOptions
from bench.cli._sides import SidesOptions
from bench.cli._terminal import note
from bench.cli._verdict import FormatOption, InconclusiveOption, OutOption, percentage, present
from bench.errors import UsageError
from bench.gates.exact import gate
from bench.gates.exact.program import CountingPlan
from bench.gates.sides.sides import SidesAsked, open_sides
from bench.model.change import Judgement
from bench.model.plan import Setup
from bench.plan.configuration import Configuration
from bench.system.extras import check_demo
from bench.system.revisions import Tree


@takes(sides=SidesOptions, service=ServiceOptions)
def exact(
    scenario: Annotated[list[str] | None, option("Scenario to measure, not all; repeatable.")] = None,
    setup: Annotated[
        str | None, option(f"Setup that names the app, its environment and loop [{FIRST_SETUP}].")
    ] = None,
    threshold: Annotated[str, option("Smallest change that counts; noise may raise it.", "PERCENT")] = "0.2%",
    form: FormatOption = "text",
    inconclusive: InconclusiveOption = "fail",
    out: OutOption = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    *,
    sides: SidesOptions,
    service: ServiceOptions,
) -> None:
    """Count the instructions of a request, for every endpoint of every scenario, and compare two versions.

    Needs valgrind; no server and no clock are used. It sees what is computed, not what is waited for. The
    app runs in the service's own interpreter.
    Exit status: 0 no regression, 1 regressed, 2 wrong usage or failure, 3 inconclusive.

    \b
    bench exact --base main
    bench exact --base v1.2 --head v1.3 --scenario noop-async --format markdown
    bench exact --base main --install "uv sync --frozen"
    bench exact --base-python old/bin/python --head-python new/bin/python
    """
    with exit_2_on_failure():
        share = percentage(threshold, "--threshold")
        configuration = configure(service, setups=setups, scenarios=scenarios)
        subject = _subject(configuration, setup, scenario or [])
        judgement = _judge(subject, sides.asked(), share)
        named = service_notes(configuration, subject.setup)
        judgement = replace(judgement, notes=(*judgement.notes, *named))
        present(judgement, form, out)
    raise typer.Exit(judgement.status(inconclusive))


def _subject(configuration: Configuration, setup: str | None, wanted: list[str]) -> CountingPlan:
    """The app of a setup under the scenarios named, else under all that are not costly. Raises UsageError."""
    file = configuration.scenarios_file
    known = known_scenarios(configuration)
    check_known("scenario", wanted, known)
    app = find_setup(setup, configuration)
    check_demo([app])
    _check_countable(app)
    file = file and file.absolute()
    usual = () if wanted else usual_scenarios(configuration, app)
    costly = tuple(name for name in usual if known[name].costly)
    names = tuple(wanted) or tuple(name for name in usual if name not in costly)
    if not names:
        raise UsageError("every scenario here is costly; name those to be counted with --scenario")
    return CountingPlan(setup=app, scenarios=names, scenarios_file=file, chosen=bool(wanted), left_out=costly)


def _check_countable(setup: Setup) -> None:
    if setup.server == "command":
        raise UsageError(
            f"setup '{setup.name}' starts a command; an app in Python is needed, named by its key app"
        )


def _judge(plan: CountingPlan, asked: SidesAsked, threshold: float) -> Judgement:
    """Compare two sides; where none is named, count the working tree alone."""
    compares = asked.base is not None or asked.base_python or asked.head_python
    if not compares and (asked.head is not None or asked.install):
        raise UsageError(
            f"{'--install' if asked.head is None else '--head'} needs a --base to be compared with"
        )
    gate.check_valgrind()
    if compares:
        with open_sides(plan.setup, asked, note) as sides:
            return gate.judge(plan, sides, threshold, note)
    here = Path(plan.setup.cwd or Path.cwd())
    return gate.measure(plan, Tree(here, f"{plan.setup.app} as it is in this folder", here))
