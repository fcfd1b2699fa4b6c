"""Arguments in, text out, exit status: `bench`, and `python -m bench`.

Each command imports what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from bench.model import Plan, Setup
    from bench.plan import Overrides
    from scenarios.model import Scenario

_EPILOG = "Exit status: 0 well, 1 a measurement failed, 2 wrong usage, 130 stopped by Ctrl-C."

app = typer.Typer(
    name="bench",
    help="Run an app under real servers, load it, and report figures with their doubts attached.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
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


class Listed(StrEnum):
    SETUPS = "setups"
    SCENARIOS = "scenarios"
    PLANS = "plans"


class Arrivals(StrEnum):
    POISSON = "poisson"
    UNIFORM = "uniform"


class LoadShape(StrEnum):
    CONSTANT = "constant"
    STEP = "step"
    RAMP = "ramp"
    SPIKE = "spike"


@app.command()
def run(
    plan: Annotated[str, typer.Argument(help="A plan's name; see `bench list plans`.")] = "default",
    setup: Annotated[list[str] | None, typer.Option(help="Setups in place of the plan's.")] = None,
    scenario: Annotated[list[str] | None, typer.Option(help="Scenarios in place of the plan's.")] = None,
    engine: Annotated[list[str] | None, typer.Option(help="native, locust.")] = None,
    users: Annotated[
        list[int] | None, typer.Option(min=1, help="Closed loads in place of the plan's loads.")
    ] = None,
    rate: Annotated[
        list[float] | None, typer.Option(min=0.01, help="Open loads, sessions per second, likewise.")
    ] = None,
    duration: Annotated[
        float | None, typer.Option(min=0.1, metavar="SECONDS", help="Measured part of each cell.")
    ] = None,
    warmup: Annotated[
        float | None, typer.Option(min=0.0, metavar="SECONDS", help="Load before it that is not measured.")
    ] = None,
    arrivals: Annotated[Arrivals | None, typer.Option(help="How open loads arrive.")] = None,
    shape: Annotated[
        LoadShape | None, typer.Option(help="How loads change; users and rates are their peak.")
    ] = None,
    think: Annotated[
        float | None, typer.Option(min=0.0, metavar="SECONDS", help="Mean pause of a user between sessions.")
    ] = None,
    max_sessions: Annotated[
        int | None, typer.Option(min=1, help="Sessions at once in open loads; more are shed.")
    ] = None,
    repeats: Annotated[int | None, typer.Option(min=1, help="How often each cell is measured.")] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="Native generators that share a load.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Decides orders, arrivals and random choices.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the run is written [reports/TIME-PLAN].")
    ] = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    plans: PlansFile = None,
    host: Annotated[str, typer.Option(help="Address to serve and load on.")] = "127.0.0.1",
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let --host be other than a loopback address.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the records as JSON lines instead of a table.")
    ] = False,
) -> None:
    """Measure a plan: start its servers, load them, write a run with a report.

    bench run smoke
    bench run --setup uvicorn --setup granian-1 --scenario db-orm-async --users 64 --repeats 5
    bench run --setup uvicorn --scenario io-async --rate 500 --duration 10
    """
    from bench.plan import Overrides

    given = Overrides(
        setups=tuple(setup or ()),
        scenarios=tuple(scenario or ()),
        engines=tuple(engine or ()),
        users=tuple(users or ()),
        rates=tuple(rate or ()),
        duration_s=duration,
        warmup_s=warmup,
        arrivals=arrivals.value if arrivals else None,
        max_sessions=max_sessions,
        think_s=think,
        shape=shape.value if shape else None,
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
    what: Annotated[Listed, typer.Argument(metavar="setups|scenarios|plans")],
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    plans: PlansFile = None,
) -> None:
    """Name what can be run, with a line about each."""
    from bench.config import load_plans, load_setups

    named: dict[str, Setup] | dict[str, Scenario] | dict[str, Plan]
    if what is Listed.SETUPS:
        named = load_setups(setups)
    elif what is Listed.SCENARIOS:
        named = _load_scenarios(scenarios)
    else:
        named = load_plans(plans)
    width = max(map(len, named))
    for name, thing in named.items():
        _print(f"{name:<{width}}  {thing.about}".rstrip())


@app.command()
def serve(
    setup: Annotated[str, typer.Argument(help="A setup's name; see `bench list setups`.")] = "uvicorn",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8000,
    setups: SetupsFile = None,
) -> None:
    """Start a setup's server and keep it until Ctrl-C."""
    from bench.live import serve as serve_live

    serve_live(_setup(setup, setups), port)


@app.command()
def locust(
    setup: Annotated[str, typer.Argument(help="A setup's name; see `bench list setups`.")] = "uvicorn",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The server's; 0 picks a free one.")] = 0,
    web_port: Annotated[int, typer.Option(min=1, max=65535, help="Of Locust's web UI.")] = 8089,
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
    """Two runs side by side, with ratios new / base; `~` where their repeats overlap."""
    from bench.compare import compare as compare_runs
    from bench.report.text import render
    from bench.store import read_run

    _print(render(compare_runs(read_run(base), read_run(new))))


@app.command()
def doctor() -> None:
    """Look at this machine: what it offers for measuring, and what is in the way."""
    from bench.doctor import examine

    for finding in examine():
        mark = "ok   " if finding.well else "mind "
        _print(f"{mark} {finding.subject:<15} {finding.seen}")
        if not finding.well:
            _print(f"      {'':<15} {finding.advice}")


def main() -> NoReturn:
    """The one place that prints errors and exits."""
    from click import ClickException

    from bench.errors import BenchError, UsageError

    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda got, _: sys.exit(128 + got))
    try:
        status = app(standalone_mode=False)
    except UsageError as error:
        status = _complain(error, 2)
    except BenchError as error:
        status = _complain(error, 1)
    except ClickException as error:
        error.show()
        status = error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        status = _complain("stopped; what was finished is kept", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except Exception as error:
        if os.environ.get("BENCH_DEBUG"):
            raise
        status = _complain(f"unexpected {type(error).__name__}: {error} (BENCH_DEBUG=1 shows where)", 1)
    sys.exit(status or 0)


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
    _note(f"{plan.name}: {len(cells(plan))} cells, about {expected_s / 60:.0f} min; writing {_shown(path)}")
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


def _print(text: str) -> None:
    print(text, flush=True)


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _complain(what: object, status: int) -> int:
    _note(f"bench: {what}")
    return status
