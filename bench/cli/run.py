"""`bench run`: a plan, measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bench.cli._ending import kept, status
from bench.cli._lookup import all_scenarios, check_address
from bench.cli._options import PlansFile, ScenariosFile, SetupsFile, drawn_seed, named, number, seconds
from bench.cli._terminal import note, say, shown
from bench.model.plan import Shape

if TYPE_CHECKING:
    from bench.plan.order import Overrides

_RATE_HELP = "Open load of sessions per second, by the native engine; repeatable."
_ARRIVALS = "poisson|uniform"
_SHAPES = "constant|step|ramp|spike"


def run(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN", help="A plan's name; see `bench list plans`.")
    ] = "default",
    setup: Annotated[list[str] | None, named("Setup in place of the plan's; repeatable.")] = None,
    scenario: Annotated[list[str] | None, named("Scenario in place of the plan's; repeatable.")] = None,
    engine: Annotated[list[str] | None, named("Engine likewise; repeatable.", "native|locust")] = None,
    users: Annotated[list[int] | None, number("Closed load of N users; repeatable.", 1, 10_000)] = None,
    rate: Annotated[list[float] | None, number(_RATE_HELP, 0.01, 1_000_000, "PER_S")] = None,
    duration: Annotated[float | None, seconds("Measured part of each cell.", 0.1)] = None,
    warmup: Annotated[float | None, seconds("Load before it, not measured.")] = None,
    arrivals: Annotated[
        Literal["poisson", "uniform"] | None, named("How open loads arrive.", _ARRIVALS)
    ] = None,
    shape: Annotated[
        Shape | None, named("How loads change; users and rates are their peak.", _SHAPES)
    ] = None,
    think: Annotated[float | None, seconds("Mean pause between a user's sessions.")] = None,
    max_sessions: Annotated[int | None, number("Sessions at once in open loads; more are shed.", 1)] = None,
    repeats: Annotated[int | None, number("How often each cell is measured.", 1)] = None,
    processes: Annotated[int | None, number("Native generators that share a load.", 1, 64)] = None,
    generator_cpus: Annotated[int | None, number("CPUs of the generator [one a process].", 1, 64)] = None,
    seed: Annotated[
        int | None, named("Decides orders, arrivals and random choices [drawn, and recorded].", "N")
    ] = None,
    out: Annotated[Path | None, named("Where the run is written [reports/TIME-PLAN].", "FOLDER")] = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    plans: PlansFile = None,
    host: Annotated[str, named("Address to serve and load on.", "ADDRESS")] = "127.0.0.1",
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let --host be other than a loopback address.")
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Flame graphs of a worker in each first repeat, by py-spy.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print records as JSON lines, not a table.")
    ] = False,
) -> None:
    """Measure a plan and write a run with a report.

    What is given takes the place of the plan's own, in all of its blocks.

    \b
    bench run smoke
    bench run --setup uvicorn --setup granian-1 --scenario db-orm-async --users 64 --repeats 5
    bench run --setup uvicorn --scenario io-async --rate 500 --duration 10
    """
    from bench.plan.order import Overrides

    given = Overrides(
        setups=tuple(setup or ()),
        scenarios=tuple(scenario or ()),
        engines=tuple(engine or (["native"] if rate else [])),
        users=tuple(users or ()),
        rates=tuple(rate or ()),
        duration_s=duration,
        warmup_s=warmup,
        arrivals=arrivals,
        max_sessions=max_sessions,
        think_s=think,
        shape=shape,
        repeats=repeats,
        seed=seed,
        processes=processes,
    )
    check_address(host, allow_remote)
    raise typer.Exit(_run(plan, given, out, setups, scenarios, plans, host, as_json, profile, generator_cpus))


def _run(
    plan_name: str,
    given: Overrides,
    out: Path | None,
    setups_file: Path | None,
    scenarios_file: Path | None,
    plans_file: Path | None,
    address: str,
    as_json: bool,
    profile: bool,
    generator_cpus: int | None,
) -> int:
    from dataclasses import replace
    from datetime import datetime

    from bench.engines.launch import ENGINES, check_load
    from bench.errors import UsageError, unknown
    from bench.measure import runner
    from bench.measure.progress import Display
    from bench.measure.store import RunFolder
    from bench.observe.profiler import py_spy
    from bench.plan.config import check_names, load_plans, load_setups
    from bench.plan.order import cells, overridden, without
    from bench.stats.format import about
    from bench.system import cpus, host

    plans, setups, scenarios = (
        load_plans(plans_file),
        load_setups(setups_file),
        all_scenarios(scenarios_file),
    )
    if plan_name not in plans:
        raise unknown("plan", plan_name, plans)
    plan = overridden(plans[plan_name], given)
    plan = replace(plan, seed=drawn_seed() if plan.seed is None else plan.seed)
    check_names(plan, setups, scenarios, ENGINES)
    left_out = host.lacking(setups[name] for name in dict.fromkeys(cell.setup for cell in cells(plan)))
    for name, why in left_out.items():
        note(f"setup '{name}' is left out: {why}")
    plan = without(plan, left_out)
    if not plan.blocks:
        raise UsageError("there is no setup left to measure")
    for cell in cells(plan):
        check_load(cell.engine, cell.load)
    wanted = generator_cpus or plan.processes
    share = cpus.share(wanted)
    if wanted > 1 and len(share.generator) < wanted:
        note(
            f"the generator gets {len(share.generator)} of the {wanted} CPUs that it could use: half of all at most"
        )
    bench = runner.Bench(
        setups, scenarios, scenarios_file, address, share.server, share.generator, share.harness
    )
    path = out or Path("reports") / f"{datetime.now():%Y%m%d-%H%M%S}-{plan.name}"
    if profile:
        py_spy()
        bench = replace(bench, profiles=path / "profiles")
    facts = runner.facts(path.name, plan, bench) | ({"left_out": left_out} if left_out else {})
    folder = RunFolder(path, facts, latest=out is None)
    expected_s = runner.expected_s(plan, bench)
    count = f"{len(cells(plan))} cell{'' if len(cells(plan)) == 1 else 's'}"
    note(f"{plan.name}: {count}, about {about(expected_s)}; writing {shown(path)}")
    with kept(folder), Display(len(cells(plan)), expected_s) as display:
        runner.run(plan, bench, folder, display)
    return _conclude(path, as_json)


def _conclude(path: Path, as_json: bool) -> int:
    from bench.cli._contents import contents
    from bench.measure.store import read_run
    from bench.report import write
    from bench.report.text import render
    from bench.results.results import understand

    done = read_run(path)
    told = contents(understand(done))
    page = write(done, told, path)
    if as_json:
        say((path / "records.jsonl").read_text().rstrip("\n"))
    else:
        say(render(told.summary))
        say(f"\nreport: {shown(page)}")
    return status(done)
