"""`bench ab`: is a change slower over real servers?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
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
    load_scenarios,
    service_notes,
    usual_scenarios,
)
from bench.cli._options import NOISE, AnySetupName, ScenariosFile, SetupsFile, number, option, pick_seed
from bench.cli._service import ServiceOptions
from bench.cli._sides import SidesOptions
from bench.cli._terminal import note, short_path
from bench.cli._verdict import FormatOption, InconclusiveOption, OutOption, percentage, present
from bench.errors import UsageError
from bench.gates.paired import gate
from bench.gates.paired.arms import Arm
from bench.gates.paired.design import PairedPlan
from bench.gates.paired.noise import load_noise
from bench.gates.paired.observation import Observation, line
from bench.gates.sides.sides import Sides, SidesAsked, as_it_is, open_sides
from bench.machine.generators import RAW, SCENARIO
from bench.model.change import Judgement
from bench.model.plan import Setup
from bench.system import jsonl

_SCENARIOS = ("noop-async", "db-orm-async")


@takes(sides=SidesOptions, service=ServiceOptions)
def ab(
    setup: AnySetupName = None,
    other: Annotated[
        str | None, typer.Argument(metavar="[SETUP2]", help="Compare it with SETUP, not two commits.")
    ] = None,
    scenario: Annotated[
        list[str] | None,
        option(f"Scenario to measure; repeatable [your own, else {' and '.join(_SCENARIOS)}]."),
    ] = None,
    duration: Annotated[
        float,
        typer.Option("--seconds", min=10, max=86_400, metavar="SECONDS", help="Time at most, a scenario."),
    ] = 120.0,
    margin: Annotated[str, option("Up to which CPU and throughput count as unchanged.", "PERCENT")] = "2%",
    pairs: Annotated[int, number("Servers of each side that are started for each look.", 6, 32)] = 8,
    users: Annotated[int, number("Connections.", 1, 256)] = 8,
    seed: Annotated[
        int | None, option("Decides orders, arrivals and random choices; drawn at random without it.", "N")
    ] = None,
    form: FormatOption = "text",
    inconclusive: InconclusiveOption = "fail",
    out: OutOption = None,
    raw: Annotated[
        Path | None, option("Where what each pair showed is appended, as JSON lines.", "FILE")
    ] = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    *,
    sides: SidesOptions,
    service: ServiceOptions,
) -> None:
    """Compare two commits, or two setups, over real servers side by side: is one slower, and how sure is that?

    Servers of both sides are loaded in turn, in random order, over many short slices. The evidence is looked at three
    times; fresh processes confirm each change, failed requests as well; a control that no change can touch runs, too.
    Where each side takes its code from is proved first.
    It sees what `bench exact` cannot: waiting, locks, blocked loops, extra round trips.
    Exit status: 0 no regression, 1 regressed, 2 wrong usage or failure, 3 inconclusive.

    \b
    bench ab --base main
    bench ab --base v1.2 --head v1.3 --scenario io-async --seconds 60
    bench ab uvicorn gunicorn-asgi-2 --scenario noop-async
    bench ab --base main --install "uv sync --frozen"
    bench ab --base-python old/bin/python --head-python new/bin/python
    """
    with exit_2_on_failure(), ExitStack() as stack:
        configuration = configure(service, setups=setups, scenarios=scenarios)
        file = configuration.scenarios_file
        known = known_scenarios(configuration)
        second = find_setup(other, configuration) if other else None
        first = find_setup(setup, configuration)
        names = scenario or usual_scenarios(configuration, first, _SCENARIOS)
        check_known("scenario", names, known)
        opened = _open(stack, sides.asked(), first, second)
        comparison = PairedPlan(
            base=Arm("base", opened.base.setup, opened.base.tree),
            head=Arm("head", opened.head.setup, opened.head.tree),
            scenarios={name: known[name] for name in names},
            control=RAW,
            control_scenario=load_scenarios(None)[SCENARIO],
            scenarios_file=file.absolute() if file else None,
            pairs=pairs,
            seconds=duration,
            users=users,
            margin=percentage(margin, "--margin"),
            seed=pick_seed(seed),
        )
        judgement = _compare(comparison, raw)
        named = service_notes(configuration, first)
        judgement = replace(judgement, notes=(*judgement.notes, *opened.notes, *named))
        present(judgement, form, out)
    raise typer.Exit(judgement.status(inconclusive))


def _open(stack: ExitStack, asked: SidesAsked, setup: Setup, other: Setup | None) -> Sides:
    """Two setups as they are, or two sides under one setup, on disk until the stack closes."""
    if other is None:
        return stack.enter_context(open_sides(setup, asked, note))
    if asked != SidesAsked():
        raise UsageError(
            "two setups are compared as they are in this folder: leave --base, --head, --base-python, --head-python, "
            "--install and --carry out"
        )
    return Sides(base=as_it_is(setup), head=as_it_is(other))


def _compare(comparison: PairedPlan, raw: Path | None) -> Judgement:
    """Measure and judge; append each pair's observations to `raw` as they come."""
    note(f"base: {comparison.base.title}; head: {comparison.head.title}; {', '.join(comparison.scenarios)}")
    note(_forecast(comparison))
    note(f"seed: {comparison.seed}")
    if raw is None:
        return gate.compare(comparison, note)
    raw.parent.mkdir(parents=True, exist_ok=True)
    jsonl.append(raw)  # a file that cannot be written shows before the first pair

    def keep(look: str, name: str, observations: Sequence[Observation]) -> None:
        jsonl.append(raw, *(line(look, name, one, comparison.seed).encode() for one in observations))

    judgement = gate.compare(comparison, note, keep)
    note(f"what each pair showed: {short_path(raw)}")
    return judgement


def _forecast(comparison: PairedPlan) -> str:
    """The smallest change that this comparison will find, from the noise of this machine if that is known."""
    noise = load_noise(NOISE)
    if noise is None:
        return "what can be found is not known beforehand: `bench noise` measures it, once for a machine"
    least = replace(noise, pairs_per_look=comparison.pairs).mde(comparison.seconds)
    return (
        f"by {short_path(NOISE)} ({noise.scenario}), a change of CPU from about {least:.1%} on will be found"
    )
