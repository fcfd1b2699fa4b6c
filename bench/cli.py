"""Arguments in, text out, exit status: `bench`, and `python -m bench`.

Each command imports what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from bench.model import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.generators import Cost
    from bench.model import Plan, Setup
    from bench.plan import Overrides
    from scenarios.model import Scenario

_EPILOG = "Exit status: 0 well, 1 a measurement failed, 2 wrong usage, 130 stopped by Ctrl-C."
_RATE_HELP = "Open load of sessions per second, by the native engine; repeatable."
_ARRIVALS = "poisson|uniform"
_SHAPES = "constant|step|ramp|spike"
_KINDS = "setups, scenarios or plans"

app = typer.Typer(
    name="bench",
    help="Run an app under real servers, load it, and report figures with their doubts attached.",
    epilog=_EPILOG,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 110},
)

SetupsFile = Annotated[
    Path | None, typer.Option("--setups", metavar="FILE", help="Your own setups (TOML), beside ours.")
]
ScenariosFile = Annotated[
    Path | None,
    typer.Option("--scenarios", metavar="FILE", help="Your own scenarios (Python with a SCENARIOS table)."),
]
PlansFile = Annotated[
    Path | None, typer.Option("--plans", metavar="FILE", help="Your own plans (TOML), beside ours.")
]


def _name(about: str, metavar: str = "NAME") -> Any:
    return typer.Option(metavar=metavar, help=about)


def _number(about: str, least: float, most: float | None = None, metavar: str = "N") -> Any:
    return typer.Option(min=least, max=most, metavar=metavar, help=about)


def _seconds(about: str, least: float = 0.0) -> Any:
    return _number(about, least, 86_400, "SECONDS")


def _port(about: str, least: int = 0) -> Any:
    return _number(about, least, 65_535, "PORT")


SetupName = Annotated[str, typer.Argument(metavar="SETUP", help="A setup's name; see `bench list setups`.")]


@app.command()
def run(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN", help="A plan's name; see `bench list plans`.")
    ] = "default",
    setup: Annotated[list[str] | None, _name("Setup in place of the plan's; repeatable.")] = None,
    scenario: Annotated[list[str] | None, _name("Scenario in place of the plan's; repeatable.")] = None,
    engine: Annotated[list[str] | None, _name("Engine likewise; repeatable.", "native|locust")] = None,
    users: Annotated[list[int] | None, _number("Closed load of N users; repeatable.", 1, 10_000)] = None,
    rate: Annotated[list[float] | None, _number(_RATE_HELP, 0.01, 1_000_000, "PER_S")] = None,
    duration: Annotated[float | None, _seconds("Measured part of each cell.", 0.1)] = None,
    warmup: Annotated[float | None, _seconds("Load before it, not measured.")] = None,
    arrivals: Annotated[
        Literal["poisson", "uniform"] | None, _name("How open loads arrive.", _ARRIVALS)
    ] = None,
    shape: Annotated[
        Shape | None, _name("How loads change; users and rates are their peak.", _SHAPES)
    ] = None,
    think: Annotated[float | None, _seconds("Mean pause between a user's sessions.")] = None,
    max_sessions: Annotated[int | None, _number("Sessions at once in open loads; more are shed.", 1)] = None,
    repeats: Annotated[int | None, _number("How often each cell is measured.", 1)] = None,
    processes: Annotated[int | None, _number("Native generators that share a load.", 1, 64)] = None,
    seed: Annotated[int | None, _name("Decides orders, arrivals and random choices.", "N")] = None,
    out: Annotated[Path | None, _name("Where the run is written [reports/TIME-PLAN].", "FOLDER")] = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    plans: PlansFile = None,
    host: Annotated[str, _name("Address to serve and load on.", "ADDRESS")] = "127.0.0.1",
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let --host be other than a loopback address.")
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
    from bench.plan import Overrides

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
    _check_address(host, allow_remote)
    raise typer.Exit(_run(plan, given, out, setups, scenarios, plans, host, as_json))


@app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")] = Path("reports/latest"),
) -> None:
    """Write the report of a run again, finished or interrupted."""
    from bench.report import write
    from bench.store import read_run

    folder = run.resolve()
    page = write(read_run(folder), folder)
    _print(_shown(page))


@app.command("list")
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
        named = _load_scenarios(scenarios)
    else:
        named = load_plans(plans)
    width = max(map(len, named))
    for name, thing in named.items():
        _print(f"{name:<{width}}  {thing.about}".rstrip())


@app.command()
def serve(
    setup: SetupName = "uvicorn",
    port: Annotated[int, _port("0 picks a free one.")] = 8000,
    setups: SetupsFile = None,
) -> None:
    """Start a setup's server and keep it until Ctrl-C."""
    from bench.live import serve as serve_live

    serve_live(_setup(setup, setups), port)


@app.command()
def locust(
    setup: SetupName = "uvicorn",
    port: Annotated[int, _port("The server's; 0 picks a free one.")] = 0,
    web_port: Annotated[int, _port("Of Locust's web UI.", 1)] = 8089,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
) -> None:
    """Start a setup's server and Locust's web UI for it, until Ctrl-C."""
    from bench.live import locust as locust_live

    _load_scenarios(scenarios)
    locust_live(_setup(setup, setups), port, web_port, scenarios)


@app.command()
def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="A run's folder.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The run to hold against it.")],
) -> None:
    """Show two runs side by side.

    Ratios are new / base; `~` stands where their repeats overlap.
    """
    from bench.compare import compare as compare_runs
    from bench.report.text import render
    from bench.store import read_run

    _print(render(compare_runs(read_run(base), read_run(new))))


@app.command()
def doctor() -> None:
    """Look at what this machine offers for measuring."""
    from bench.doctor import examine

    for finding in examine():
        mark = "ok   " if finding.well else "mind "
        _print(f"{mark} {finding.subject:<15} {finding.seen}")
        if not finding.well:
            _print(f"      {'':<15} {finding.advice}")


@app.command()
def generators(
    rounds: Annotated[int, typer.Option(min=1, help="How often each is measured, in turn.")] = 5,
    duration: Annotated[int, typer.Option(min=1, metavar="SECONDS", help="Of each measurement.")] = 2,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the medians are written.")] = Path(
        "reports/generators.json"
    ),
) -> None:
    """Load generators side by side: their CPU time per request, and whether they agree on the throughput.

    The native engine, wrk and hey (where installed) and Locust's two clients load a bare ASGI app with 32
    connections. Then the native engine and wrk load the target app, pinned as in every run.
    """
    import json

    from bench.config import load_setups
    from bench.generators import NAMES, RAW, measured, medians, missing, table
    from bench.report.text import render

    for name in missing():
        _note(f"{name} is not installed and is left out; on Debian: apt-get install {name}")
    costs = _told(measured(RAW, NAMES, rounds, duration))
    _print(render(table("A bare ASGI app under uvicorn; the generators may use every CPU", costs)))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(medians(costs), indent=2) + "\n")
    pair = [name for name in ("native", "wrk") if name in NAMES]
    uvicorn = load_setups()["uvicorn"]
    agreement = _told(measured(uvicorn, pair, rounds, duration, pinned=True))
    _print(render(table("The target app's ping under uvicorn; generators pinned as in every run", agreement)))
    _print(f"medians of the first table: {_shown(out)}")


def _told(costs: Iterator[tuple[str, Cost]]) -> dict[str, list[Cost]]:
    """Collect what comes, and say each on standard error."""
    found: dict[str, list[Cost]] = {}
    for name, cost in costs:
        found.setdefault(name, []).append(cost)
        _note(f"{name:<12} {cost.cpu_us_per_request:8.1f} µs/req {cost.throughput_rps:10,.0f} req/s")
    return found


def main() -> NoReturn:
    """The one place that prints errors and exits."""
    from bench.errors import BenchError, UsageError

    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda got, _: sys.exit(128 + got))
    try:
        status = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except UsageError as error:
        status = _complain(error, 2)
    except BenchError as error:
        status = _complain(error, 1)
    except typer.TyperException as error:
        status = _complain(_sentence(error), 2)
    except KeyboardInterrupt:
        status = 130
    except Exception as error:
        if os.environ.get("BENCH_DEBUG"):
            raise
        status = _complain(f"unexpected {type(error).__name__}: {error} (BENCH_DEBUG=1 shows where)", 1)
    sys.exit(status or 0)


def _sentence(error: typer.TyperException) -> str:
    """What is wrong with a command line, and where to read what is right."""
    from bench.errors import unknown

    context = getattr(error, "ctx", None)
    said = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".")
    if context is None:
        return said
    if option := getattr(error, "option_name", None):
        options = [name for param in context.command.get_params(context) for name in param.opts]
        if option not in options:
            said = str(unknown("option", option, [name for name in options if name.startswith("--")]))
    return f"{said} (see `{context.command_path} --help`)"


def _run(
    plan_name: str,
    given: Overrides,
    out: Path | None,
    setups_file: Path | None,
    scenarios_file: Path | None,
    plans_file: Path | None,
    address: str,
    as_json: bool,
) -> int:
    from datetime import datetime

    from bench import host, runner
    from bench.config import check_names, load_plans, load_setups
    from bench.engines.launch import ENGINES, check_load
    from bench.errors import unknown
    from bench.plan import cells, overridden
    from bench.progress import Display
    from bench.store import RunFolder, point_latest

    plans, setups, scenarios = (
        load_plans(plans_file),
        load_setups(setups_file),
        _load_scenarios(scenarios_file),
    )
    if plan_name not in plans:
        raise unknown("plan", plan_name, plans)
    plan = overridden(plans[plan_name], given)
    check_names(plan, setups, scenarios, ENGINES)
    for cell in cells(plan):
        check_load(cell.engine, cell.load)
    server_cpus, generator_cpus = host.cpus_for()
    bench = runner.Bench(setups, scenarios, scenarios_file, address, server_cpus, generator_cpus)
    path = out or Path("reports") / f"{datetime.now():%Y%m%d-%H%M%S}-{plan.name}"
    folder = RunFolder(path, runner.facts(path.name, plan, bench))
    if out is None:
        point_latest(path)
    expected_s = runner.expected_s(plan, bench)
    count = f"{len(cells(plan))} cell{'' if len(cells(plan)) == 1 else 's'}"
    _note(f"{plan.name}: {count}, about {_span(expected_s)}; writing {_shown(path)}")
    try:
        with Display(len(cells(plan)), expected_s) as display:
            runner.run(plan, bench, folder, display)
    except (KeyboardInterrupt, SystemExit):
        folder.add_facts(interrupted=True)
        _note(f"the cells so far are in {_shown(path)}; `bench report {_shown(path)}` charts them")
        raise
    return _conclude(path, as_json)


def _conclude(path: Path, as_json: bool) -> int:
    from bench.compare import summary
    from bench.report import write
    from bench.report.text import render
    from bench.store import read_run

    done = read_run(path)
    page = write(done, path)
    if as_json:
        _print((path / "records.jsonl").read_text().rstrip("\n"))
    else:
        _print(render(summary(done)))
        _print(f"\nreport: {_shown(page)}")
    for failure in done.failures:
        _note(f"failed: {failure.error}")
    return 1 if done.failures or not done.records else 0


def _check_address(address: str, allow_remote: bool) -> None:
    from ipaddress import ip_address

    from bench.errors import UsageError

    try:
        loopback = ip_address(address).is_loopback
    except ValueError:
        loopback = address == "localhost"
    if not loopback and not allow_remote:
        raise UsageError(
            f"--host {address} is no loopback address; add --allow-remote if you may load that machine"
        )


def _load_scenarios(path: Path | None) -> dict[str, Scenario]:
    from bench.errors import UsageError
    from scenarios.files import ScenarioFileError, load

    try:
        return load(path)
    except ScenarioFileError as error:
        raise UsageError(str(error)) from None


def _setup(name: str, path: Path | None) -> Setup:
    from bench.config import load_setups
    from bench.errors import unknown

    setups = load_setups(path)
    if name not in setups:
        raise unknown("setup", name, setups)
    return setups[name]


def _shown(path: Path) -> str:
    """A path as the user would type it: relative where it lies below the current folder."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # the reader has seen enough, as in `| head`: go on, unheard
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _complain(what: object, status: int) -> int:
    _note(f"bench: {what}")
    return status
