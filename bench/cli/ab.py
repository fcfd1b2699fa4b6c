"""`bench ab` and `bench noise`: is this change slower, over real servers, and what could be told at all?"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli._lookup import all_scenarios, one_setup
from bench.cli._options import ScenariosFile, SetupsFile, drawn_seed, named, number
from bench.cli._terminal import note, say, shown
from bench.cli._verdict import (
    FormatOption,
    InconclusiveOption,
    OutOption,
    failures_are_2,
    percentage,
    present,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.gates.paired.arms import Arm
    from bench.gates.paired.noise import Noise
    from bench.gates.paired.observation import Observation
    from bench.gates.paired.session import Comparison
    from bench.model.change import Judgement
    from bench.model.plan import Setup
    from scenarios.model import Scenario

_SCENARIOS = ("noop-async", "db-orm-async")
_NOISE = Path("reports/noise")


def ab(
    setup: Annotated[str, typer.Argument(metavar="SETUP", help="See `bench list setups`.")] = "uvicorn",
    other: Annotated[
        str | None, typer.Argument(metavar="[SETUP2]", help="Compare it with SETUP, not two commits.")
    ] = None,
    base: Annotated[str | None, named("Commit to compare with.", "REF")] = None,
    head: Annotated[str | None, named("Commit to judge; without it the working tree.", "REF")] = None,
    scenario: Annotated[
        list[str] | None, named(f"Scenario to measure; repeatable. [{' and '.join(_SCENARIOS)}]")
    ] = None,
    duration: Annotated[
        float,
        typer.Option("--seconds", min=10, max=86_400, metavar="SECONDS", help="Time at most, a scenario."),
    ] = 120.0,
    margin: Annotated[str, named("Up to which CPU and throughput count as unchanged.", "PERCENT")] = "2%",
    pairs: Annotated[int, number("Servers of each side that are started for each look.", 6, 32)] = 8,
    users: Annotated[int, number("Connections.", 1, 256)] = 8,
    seed: Annotated[
        int | None, named("Decides orders, arrivals and random choices; drawn at random without it.", "N")
    ] = None,
    form: FormatOption = "text",
    inconclusive: InconclusiveOption = "fail",
    out: OutOption = None,
    raw: Annotated[
        Path | None, named("Where what each pair showed is appended, as JSON lines.", "FILE")
    ] = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
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
    """
    from bench.gates.paired.session import Comparison

    with failures_are_2(), ExitStack() as stack:
        known = all_scenarios(scenarios)
        first, second, notes = _arms(stack, setup, other, (base, head), setups)
        asked = Comparison(
            first,
            second,
            _chosen(scenario, scenarios, known),
            *_control(),
            scenarios.absolute() if scenarios else None,
            pairs,
            duration,
            users,
            percentage(margin, "--margin"),
            drawn_seed() if seed is None else seed,
        )
        found = _compared(asked, raw)
        judgement = replace(found, notes=(*found.notes, *notes))
        present(judgement, form, out)
    raise typer.Exit(judgement.status(inconclusive))


def _chosen(wanted: list[str] | None, file: Path | None, known: dict[str, Scenario]) -> dict[str, Scenario]:
    """The scenarios named, else those of the user's file, else ours."""
    from bench.errors import unknown
    from scenarios.files import own

    names = wanted or (list(own(file)) if file else list(_SCENARIOS))
    for name in names:
        if name not in known:
            raise unknown("scenario", name, known)
    return {name: known[name] for name in names}


def _arms(
    stack: ExitStack, setup: str, other: str | None, refs: tuple[str | None, str | None], setups: Path | None
) -> tuple[Arm, Arm, tuple[str, ...]]:
    """Two setups in this folder, or one setup in two versions of it, there for as long as the stack is open; notes."""
    from bench.errors import UsageError
    from bench.gates.paired.arms import Arm
    from bench.system.processes import Processes
    from bench.system.revisions import repository

    base, head = refs
    first = one_setup(setup, setups)
    if other is not None:
        if base or head:
            raise UsageError(
                "two setups are compared in this folder's own version: leave --base and --head out"
            )
        second, here = one_setup(other, setups), Path.cwd()
        return (
            Arm("base", first, here, first.name, here),
            Arm("head", second, here, second.name, here),
            (),
        )
    if base is None:
        raise UsageError("nothing to compare with: give --base REF, or a second setup")
    place = stack.enter_context(stack.enter_context(Processes()).folder())
    versions = stack.enter_context(repository(Path.cwd()).versions(base, head, place))
    old, new = versions.base, versions.head
    return (
        Arm("base", first, old.folder, old.said, place / "base"),
        Arm("head", first, new.folder, new.said, place / "head"),
        versions.notes,
    )


def _control() -> tuple[Setup, Scenario]:
    """A server whose app is ours and a few lines long, and the scenario for it."""
    from bench.machine.generators import RAW, SCENARIO

    return RAW, all_scenarios(None)[SCENARIO]


def _compared(asked: Comparison, raw: Path | None) -> Judgement:
    from bench.gates.paired.gate import compare
    from bench.gates.paired.observation import line
    from bench.system import jsonl

    note(f"base: {asked.base.said}; head: {asked.head.said}; {', '.join(asked.scenarios)}")
    note(_foretold(asked))
    note(f"seed: {asked.seed}")
    if raw is None:
        return compare(asked, note)
    raw.parent.mkdir(parents=True, exist_ok=True)
    jsonl.append(raw)  # a file that cannot be written shows before the first pair

    def keep(look: str, name: str, seen: Sequence[Observation]) -> None:
        jsonl.append(raw, *(line(look, name, one, asked.seed).encode() for one in seen))

    judgement = compare(asked, note, keep)
    note(f"what each pair showed: {shown(raw)}")
    return judgement


def _foretold(asked: Comparison) -> str:
    """What this comparison will be able to find, by what is known of this machine."""
    from bench.gates.paired.noise_store import stored

    known = stored(_NOISE)
    if known is None:
        return "what can be found is not known beforehand: `bench noise` measures it, once for a machine"
    least = replace(known, pairs_per_look=asked.pairs).mde(asked.seconds)
    return f"by {shown(_NOISE)} ({known.scenario}), a change of CPU from about {least:.1%} on will be found"


def noise(
    setup: Annotated[str, typer.Argument(metavar="SETUP", help="See `bench list setups`.")] = "uvicorn",
    scenario: Annotated[str, named("Scenario to load it with.")] = "noop-async",
    duration: Annotated[
        float, typer.Option("--seconds", min=5, max=3600, metavar="SECONDS", help="Of measuring.")
    ] = 60.0,
    pairs: Annotated[int, number("Pairs of servers.", 5, 32)] = 8,
    seed: Annotated[
        int | None, named("Decides orders and random choices; drawn at random without it.", "N")
    ] = None,
    out: Annotated[Path, named("Where the figures and the chart go.", "FOLDER")] = _NOISE,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
) -> None:
    """Compare a server with itself: how noisy is this machine, and what could `bench ab` find in which time?

    Tries slices of several lengths, then measures how much turns and processes differ. The figures are stored with
    the machine's fingerprint; `bench ab` on the same machine says from them beforehand what it will be able to find.

    \b
    bench noise
    bench noise uvicorn --scenario db-orm-async --seconds 120
    """
    with failures_are_2():
        known = _chosen([scenario], None, all_scenarios(scenarios))
        found = _noise(
            one_setup(setup, setups),
            known[scenario],
            duration,
            pairs,
            drawn_seed() if seed is None else seed,
            scenarios,
        )
        _show(found, out)


def _noise(
    setup: Setup, scenario: Scenario, duration_s: float, pairs: int, seed: int, file: Path | None
) -> Noise:
    from bench.gates.paired.arms import Arm
    from bench.gates.paired.look import Subject
    from bench.gates.paired.self_comparison import noise as measured

    note(f"seed: {seed}")
    arm = Arm("base", setup, Path.cwd(), setup.name, Path.cwd())
    return measured(arm, lambda pool: Subject(scenario, pool, file), duration_s, pairs, seed, note)


def _show(found: Noise, out: Path) -> None:
    from bench.gates.paired import power
    from bench.gates.paired.noise_store import store
    from bench.report import style_sheet
    from bench.report.charts import drawing
    from bench.report.svg import alone
    from bench.report.text import render

    for table in power.tables(found):
        say(render(table))
    path = store(found, out)
    chart = power.chart(found)
    (out / "power.svg").write_text(
        alone(drawing.document(chart), style_sheet("colours.css"), chart.title), encoding="utf-8"
    )
    drawing.png(chart, out / "power.png", {})
    say(f"figures: {shown(path)}; power curves: {shown(out / 'power.png')}")
