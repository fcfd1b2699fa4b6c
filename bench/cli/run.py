"""`bench run`: a plan, measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli._conclusion import conclude
from bench.cli._cpus import GeneratorCpus, check_connections, read_generator_cpus, share_cpus
from bench.cli._ending import explain_interruption
from bench.cli._groups import takes
from bench.cli._left_out import drop_locust, leave_out
from bench.cli._lookup import (
    check_address,
    choose_folder,
    configure,
    find_tagged,
    known_scenarios,
    service_scenarios,
)
from bench.cli._options import (
    PlansFile,
    ScenariosFile,
    SetupsFile,
    number,
    option,
    pick_seed,
    seconds,
)
from bench.cli._reach import ReachOptions
from bench.cli._running import AllowedHosts, MostRps, Urls, bound, check_ceilings, find_running, join_setups
from bench.cli._servers import pick_servers
from bench.cli._service import ServiceOptions
from bench.cli._terminal import note, short_path
from bench.cli._verdict import percentage
from bench.engines.launch import ENGINES, check_load
from bench.errors import UsageError
from bench.measure import runner
from bench.measure.progress import Display
from bench.measure.runner import Ends
from bench.measure.store import RunFolder
from bench.measure.workbench import Workbench
from bench.model.plan import MOST_USERS, Plan, Setup, Shape
from bench.observe.profiler import py_spy
from bench.plan.config import check_names
from bench.plan.configuration import Configuration
from bench.plan.order import Overrides, cells, count_rounds, override
from bench.plan.service_plans import ALL_SERVERS
from bench.plan.thresholds import check_thresholds
from bench.serve.interpreter import describe_interpreters
from bench.stats.conditions import parse_threshold
from bench.stats.format import about
from bench.system import extras
from scenarios.model import Scenario

_MINUTES, _TIMES_AS_LONG = 5.0, 3
_RATE_HELP = "Open load of sessions per second, by the native engine; repeatable."
_ARRIVALS = "poisson|uniform"
_SHAPES = "constant|step|ramp|spike"


@takes(service=ServiceOptions, reach=ReachOptions)
def run(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN", help="A plan's name; see `bench list plans`.")
    ] = "default",
    setup: Annotated[list[str] | None, option("Setup in place of the plan's; repeatable.")] = None,
    scenario: Annotated[list[str] | None, option("Scenario in place of the plan's; repeatable.")] = None,
    tag: Annotated[list[str] | None, option("Scenarios that have this tag likewise; repeatable.")] = None,
    engine: Annotated[list[str] | None, option("Engine likewise; repeatable.", "native|locust")] = None,
    users: Annotated[list[int] | None, number("Closed load of N users; repeatable.", 1, MOST_USERS)] = None,
    rate: Annotated[list[float] | None, number(_RATE_HELP, 0.01, 1_000_000, "PER_S")] = None,
    rounds: Annotated[int | None, number("Rounds of fresh servers.", 1, 1000)] = None,
    minutes: Annotated[float | None, number("Time for all rounds together.", 0.05, 10_080, "MINUTES")] = None,
    until: Annotated[
        str | None, option("Go on until ratios of setups are this certain, such as 3%.", "PERCENT")
    ] = None,
    alive: Annotated[int | None, number("Servers that live at once [by memory].", 1, 1000)] = None,
    long: Annotated[
        bool, typer.Option("--long", help="Measure every cell in one stretch, for timelines and absolutes.")
    ] = False,
    stretch: Annotated[
        float | None, seconds("Length of stretches (--long, open loads, Locust).", 0.1)
    ] = None,
    warmup: Annotated[float | None, seconds("Load before a stretch, not measured.")] = None,
    arrivals: Annotated[
        Literal["poisson", "uniform"] | None, option("How open loads arrive.", _ARRIVALS)
    ] = None,
    shape: Annotated[
        Shape | None, option("How loads change; users and rates are their peak.", _SHAPES)
    ] = None,
    timeout: Annotated[float | None, seconds("Longest wait for an answer [10].", 0.1)] = None,
    think: Annotated[float | None, seconds("Mean pause between a user's sessions.")] = None,
    max_sessions: Annotated[int | None, number("Sessions at once in open loads; more are shed.", 1)] = None,
    processes: Annotated[
        int | None, number("Native generators that share a load [as many as fit it].", 1, 64)
    ] = None,
    generator_cpus: GeneratorCpus = None,
    seed: Annotated[
        int | None, option("Decides orders, arrivals and random choices [drawn, and recorded].", "N")
    ] = None,
    out: Annotated[Path | None, option("Where the run is written [reports/TIME-PLAN].", "FOLDER")] = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    plans: PlansFile = None,
    host: Annotated[str, option("Address to serve and load on.", "ADDRESS")] = "127.0.0.1",
    url: Urls = None,
    allow_remote: AllowedHosts = None,
    most_rps: MostRps = None,
    fail_if: Annotated[
        list[str] | None,
        option(
            "Fail the run if this is so in a cell: p50|p90|p95|p99|p999|max|mean|errors|lag `>`, or rps `<`, a number, "
            "a unit; `first-byte p99` and `gap p99` are of the first byte, and between pieces of a stream; after "
            "`SCENARIO:` or `SCENARIO/REQUEST:` of that alone; repeatable.",
            "LIMIT",
        ),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Flame graphs of a worker, by py-spy; implies --long.")
    ] = False,
    log: Annotated[
        bool, typer.Option("--log", help="Keep the logs of all servers, in RUN/logs, secrets masked.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print records as JSON lines, not a table.")
    ] = False,
    duration: Annotated[float | None, typer.Option(hidden=True)] = None,
    repeats: Annotated[int | None, typer.Option(hidden=True)] = None,
    *,
    service: ServiceOptions,
    reach: ReachOptions,
) -> None:
    """Measure a plan and write a run with a report.

    Options replace the plan's own values in all of its blocks. All servers of a round live at once and are loaded in
    turn, in short slices, so that a slow machine slows all of them alike.

    \b
    bench run smoke
    bench run --setup uvicorn --setup granian-1 --scenario db-orm-async --users 64 --minutes 2
    bench run --setup uvicorn --scenario io-async --rate 500 --stretch 10 --rounds 3
    bench run --until 3%
    bench run --scenario items-crud --minutes 1 --fail-if 'p99>50ms' --fail-if 'items-crud/GET /api/v1/items: errors>1%'
    bench run --url http://127.0.0.1:8000 --scenarios my_scenarios.py --scenario front-page --minutes 1
    """
    _refuse_old(duration, repeats)
    check_address(host, allow_remote or ())
    running = find_running(url, allow_remote, most_rps, reach)
    configuration = configure(service, setups=setups, scenarios=scenarios, plans=plans)
    overrides = Overrides(
        setups=(*(setup or ()), *running),
        scenarios=(*dict.fromkeys((*(scenario or ()), *find_tagged(tag or (), configuration))),),
        engines=tuple(engine or (["native"] if rate else [])),
        users=tuple(users or ()),
        rates=tuple(rate or ()),
        stretch_s=stretch,
        warmup_s=warmup,
        arrivals=arrivals,
        max_sessions=max_sessions,
        think_s=think,
        timeout_s=timeout,
        shape=shape,
        rounds=rounds,
        minutes=minutes,
        long=long or profile,
        seed=seed,
        processes=processes,
        fail_if=tuple(parse_threshold(text).text for text in fail_if or ()),
    )
    options = _Options(
        plan=plan,
        overrides=overrides,
        out=out,
        configuration=configuration,
        running=running,
        address=host,
        generator_cpus=read_generator_cpus(generator_cpus),
        profile=profile,
        log=log,
        as_json=as_json,
        ends=Ends(until=None if until is None else percentage(until, "--until"), alive=alive),
    )
    raise typer.Exit(_run(options))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """The plan's name, the values that replace the plan's own, what it may name, and where to measure and write."""

    plan: str
    overrides: Overrides
    out: Path | None
    configuration: Configuration
    running: Mapping[str, Setup]
    address: str
    generator_cpus: int | tuple[int, ...] | None
    profile: bool
    log: bool
    as_json: bool
    ends: Ends


def _run(options: _Options) -> int:
    """Measure and report; give the exit status."""
    configuration = options.configuration
    setups = join_setups(configuration.setups(), options.running)
    scenarios = known_scenarios(configuration)
    plan, lacking = _find_plan(options)
    plan = replace(_bounded(plan, options), seed=pick_seed(plan.seed))
    check_names(plan, setups, scenarios, ENGINES)
    check_thresholds(plan, scenarios)
    configuration.check_app(setups[cell.setup] for cell in cells(plan))
    plan, left_out = leave_out(plan, setups, lacking)
    extras.check_demo(setups[name] for name in dict.fromkeys(cell.setup for cell in cells(plan)))
    plan = plan if options.overrides.engines else drop_locust(plan)
    for cell in cells(plan):
        check_load(cell.engine, cell.load)
    check_ceilings(plan, setups)
    path = choose_folder(options.out, plan.name)
    bench = _bench(options, plan, setups, scenarios)
    check_connections(plan, setups)
    if options.profile:
        py_spy()
        bench = replace(bench, profiles=path / "profiles")
    if options.log:
        bench = replace(bench, logs=path / "logs")
        if options.running:
            note("--log: servers that ran already write their logs themselves; they are not kept")
    facts = runner.facts(path.name, plan, bench) | ({"left_out": left_out} if left_out else {})
    bench = replace(bench, stop_s=bound(plan, setups, runner.expected_s(plan, bench)))
    _measure(plan, bench, RunFolder(path, facts, latest=options.out is None), options.ends)
    return conclude(path, options.as_json)


def _find_plan(options: _Options) -> tuple[Plan, dict[str, str]]:
    """The plan with what options give in place of its own, and why setups that it might have had are left out."""
    configuration, given = options.configuration, options.overrides
    scenarios = service_scenarios(configuration) or given.scenarios
    servers: tuple[str, ...] = ()
    lacking: dict[str, str] = {}
    if not given.setups and configuration.takes_shipped_servers(options.plan):
        servers, lacking = pick_servers(configuration)
    plan = override(configuration.plan(options.plan, scenarios, servers), given)
    return plan, lacking if options.plan == ALL_SERVERS else {}


def _refuse_old(duration: float | None, repeats: int | None) -> None:
    if repeats is not None:
        raise UsageError(f"--repeats is called --rounds now: rounds of fresh servers; use --rounds {repeats}")
    if duration is not None:
        raise UsageError(
            "--duration is gone, as cells share the time of their round: give the whole run --minutes, or measure each "
            f"cell in one stretch with --long --stretch {duration:g}"
        )


def _bounded(plan: Plan, options: _Options) -> Plan:
    """A run that goes on until it is certain needs a bound: three times the plan's time, unless minutes are given."""
    if options.ends.until is None or options.overrides.minutes is not None:
        return plan
    return replace(plan, minutes=_TIMES_AS_LONG * (plan.minutes or _MINUTES))


def _bench(
    options: _Options, plan: Plan, setups: Mapping[str, Setup], scenarios: Mapping[str, Scenario]
) -> Workbench:
    share = share_cpus(options.generator_cpus, plan)
    return Workbench(
        setups=setups,
        scenarios=scenarios,
        scenarios_file=options.configuration.scenarios_file,
        service=options.configuration.service_name,
        address=options.address,
        server_cpus=share.server,
        generator_cpus=share.generator,
        own_cpus=share.harness,
    )


def _measure(plan: Plan, bench: Workbench, folder: RunFolder, ends: Ends) -> None:
    expected_s = runner.expected_s(plan, bench)
    count = len({cell.key for cell in cells(plan)})
    rounds = count_rounds(plan)
    at_most = "at most " if ends.until is not None else "about "
    note(
        f"{plan.name}: {count} cell{'' if count == 1 else 's'} in {rounds} round{'' if rounds == 1 else 's'}, "
        f"{at_most}{about(expected_s)}; writing {short_path(folder.path)}"
    )
    names = dict.fromkeys(cell.setup for cell in cells(plan))
    for line in describe_interpreters(bench.setups[name] for name in names):
        note(line)
    with explain_interruption(folder), Display(rounds, expected_s) as display:
        runner.run(plan, bench, folder, display, ends)
