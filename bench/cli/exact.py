"""`bench exact`: is this change slower?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli._lookup import all_scenarios, one_setup
from bench.cli._options import ScenariosFile, SetupsFile, named
from bench.cli._terminal import note
from bench.cli._verdict import (
    FormatOption,
    InconclusiveOption,
    OutOption,
    failures_are_2,
    percentage,
    present,
)

if TYPE_CHECKING:
    from bench.model.change import Judgement
    from scenarios.model import Scenario


def exact(
    base: Annotated[
        str | None, named("Commit to compare with; without it the figures are shown.", "REF")
    ] = None,
    head: Annotated[str | None, named("Commit to judge; without it the working tree.", "REF")] = None,
    scenario: Annotated[list[str] | None, named("Scenario to measure, not all; repeatable.")] = None,
    setup: Annotated[str, named("Setup that names the app, its environment and loop.")] = "uvicorn",
    threshold: Annotated[str, named("Smallest change that counts; noise may raise it.", "PERCENT")] = "0.2%",
    form: FormatOption = "text",
    inconclusive: InconclusiveOption = "fail",
    out: OutOption = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
) -> None:
    """Count the instructions of a request, for every endpoint of every scenario, and compare two versions.

    Needs valgrind; no server and no clock are used. It sees what is computed, not what is waited for.
    Exit status: 0 no regression, 1 regressed, 2 wrong usage or failure, 3 inconclusive.

    \b
    bench exact --base main
    bench exact --base v1.2 --head v1.3 --scenario noop-async --format markdown
    """
    with failures_are_2():
        share = percentage(threshold, "--threshold")
        known = all_scenarios(scenarios)
        judgement = _judgement(base, head, tuple(scenario or ()), known, setup, setups, scenarios, share)
        present(judgement, form, out)
    raise typer.Exit(judgement.status(inconclusive))


def _judgement(
    base: str | None,
    head: str | None,
    wanted: tuple[str, ...],
    known: dict[str, Scenario],
    setup: str,
    setups: Path | None,
    scenarios: Path | None,
    threshold: float,
) -> Judgement:
    from bench.errors import UsageError, unknown
    from bench.gates.exact import gate
    from bench.gates.exact.counter import CountingPlan
    from bench.system.revisions import Tree, repository
    from scenarios.files import own

    for name in wanted:
        if name not in known:
            raise unknown("scenario", name, known)
    app = one_setup(setup, setups)
    if app.server == "command":
        raise UsageError(
            f"setup '{setup}' starts a command; an app in Python is needed, named by its key app"
        )
    if app.services:
        raise UsageError(
            f"setup '{setup}' needs {' and '.join(app.services)}, which this gate does not start"
        )
    file = scenarios and scenarios.absolute()
    costly = tuple(name for name in own(file) if known[name].costly and not wanted)
    names = wanted or tuple(name for name in own(file) if name not in costly)
    if not names:
        raise UsageError("every scenario here is costly; name those to be counted with --scenario")
    plan = CountingPlan(setup=app, scenarios=names, scenarios_file=file, chosen=bool(wanted), left_out=costly)
    if base is None:
        if head is not None:
            raise UsageError("--head needs a --base to be compared with")
        return gate.measure(plan, Tree(Path.cwd(), f"{app.app} as it is in this folder", Path.cwd()))
    return gate.judge(plan, repository(Path.cwd()), (base, head), threshold, note)
