"""`bench capacity`: how much a setup holds, and how it scales."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from bench.capacity import run, scaling
from bench.cli._contents import contents
from bench.cli._ending import exit_status, explain_interruption, note_undrawn
from bench.cli._groups import takes
from bench.cli._lookup import check_known, choose_folder, configure, find_setup, known_scenarios
from bench.cli._options import ScenariosFile, SetupName, SetupsFile, number, option, pick_seed, seconds
from bench.cli._reach import ReachOptions
from bench.cli._running import AllowedHosts, MostRps, Url, announce_search, find_running, join_setups
from bench.cli._service import ServiceOptions
from bench.cli._terminal import note, say, short_path
from bench.errors import UsageError
from bench.measure import runner
from bench.measure.progress import Display
from bench.measure.store import RunFolder, read_run
from bench.measure.workbench import Workbench
from bench.model.attachment import steady_rps
from bench.model.plan import Plan, Setup
from bench.plan.generators import cpus_for_any_load
from bench.plan.order import count_rounds
from bench.report import write
from bench.report.text import render
from bench.results.audit.attached import CEILING_SHARE
from bench.results.findings.finding import Finding
from bench.results.results import understand
from bench.stats.objectives import parse_all
from bench.system import cpus
from scenarios.model import Scenario

_SLO_HELP = "What must hold: p50|p90|p95|p99|p999|max|mean|errors, `<`, a number, us|ms|s|%; repeatable."
_SLOS = ("p99<50ms", "errors<0.1%")

ScenarioName = Annotated[
    str | None, typer.Argument(metavar="SCENARIO", help="A scenario's name; see `bench list scenarios`.")
]
_TRIALS, _TIMES_A_TRIAL, _BETWEEN_S = 25, 2.4, 1.2
"""About how many trials a search makes, how long they are on average, in durations, and how far apart."""


@takes(service=ServiceOptions, reach=ReachOptions)
def capacity(
    setup: SetupName,
    scenario: ScenarioName = None,
    slo: Annotated[list[str] | None, option(f"{_SLO_HELP} [{' and '.join(_SLOS)}]", "OBJECTIVE")] = None,
    workers: Annotated[
        str | None, option("Instead: peak throughput of each number of workers, as in 1,2,4.", "N,N,N")
    ] = None,
    max_rate: Annotated[
        float, number("Arrivals per second not to be exceeded.", 0.1, 1_000_000, "PER_S")
    ] = 1_000_000,
    duration: Annotated[
        float, seconds("Of a trial; those that confirm take three times as long.", 0.1)
    ] = 4.0,
    tolerance: Annotated[float, number("How close the answer must be, in percent.", 1, 50, "PERCENT")] = 5.0,
    patience: Annotated[float, seconds("To wait in all for other processes to leave our CPUs.")] = 120.0,
    repeats: Annotated[int, number("How often each number of workers is measured.", 1)] = 3,
    seed: Annotated[
        int | None, option("Decides arrivals and random choices [drawn, and recorded].", "N")
    ] = None,
    out: Annotated[Path | None, option("Where the run is written [reports/TIME-capacity].", "FOLDER")] = None,
    url: Url = None,
    allow_remote: AllowedHosts = None,
    most_rps: MostRps = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, not in words.")] = False,
    *,
    service: ServiceOptions,
    reach: ReachOptions,
) -> None:
    """Find the arrival rate that holds the objectives, or how throughput grows with workers.

    Rates double until one fails, then the bracket is halved, then eight or more longer trials on a fresh server
    confirm: the rate rises after one that held and falls after one that failed, so that the answer is near the rate
    that holds half of the time, and says in how many trials it held. A long trial during which other processes used
    the CPUs is set aside and made again. Takes three to four minutes. Response times run from when a request was due;
    errors must stay below 0.1 % unless an objective says otherwise.

    With --workers, each number of workers is loaded by 32 users a worker in a closed loop. The Universal Scalability
    Law, fitted to the results, tells what holds scaling back: contention, coherence, or the lack of cores.

    \b
    bench capacity uvicorn io-async
    bench capacity granian-1 db-orm-async --slo "p99<100ms" --slo "p50<20ms" --slo "errors<1%"
    bench capacity uvicorn noop-async --max-rate 5000 --duration 10
    bench capacity gunicorn-1 cpu-async --workers 1,2,4,8
    bench capacity front-page --url http://127.0.0.1:8000 --scenarios my_scenarios.py
    """
    running = find_running([url] if url else None, allow_remote, most_rps, reach)
    setup, scenario = _subject(setup, scenario, running)
    configuration = configure(service, setups=setups, scenarios=scenarios)
    known = known_scenarios(configuration)
    check_known("scenario", [scenario], known)
    chosen = join_setups({}, running)[setup] if running else find_setup(setup, configuration)
    if workers and slo:
        raise UsageError(
            "--workers measures the peak throughput, for which objectives do not matter: leave --slo out"
        )
    options = _Options(
        setup=chosen,
        scenario=scenario,
        scenarios=known,
        scenarios_file=configuration.scenarios_file,
        service=configuration.service_name,
        duration_s=duration,
        seed=pick_seed(seed),
        out=out,
        as_json=as_json,
    )
    if workers:
        raise typer.Exit(_scale(options, _worker_counts(workers), repeats))
    goal = run.Goal(
        setup=chosen.name,
        scenario=scenario,
        objectives=parse_all(slo or list(_SLOS)),
        tolerance=tolerance / 100,
        max_per_s=_highest_rate(max_rate, chosen),
        duration_s=duration,
        patience_s=patience,
    )
    raise typer.Exit(_search(options, goal))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """Options that a search for a rate and a measurement of scaling share."""

    setup: Setup
    scenario: str
    scenarios: Mapping[str, Scenario]
    scenarios_file: Path | None
    service: str
    duration_s: float
    seed: int
    out: Path | None
    as_json: bool


def _subject(setup: str, scenario: str | None, running: Collection[str]) -> tuple[str, str]:
    """The setup and the scenario: with --url the first word is the scenario. Raises UsageError."""
    if running and scenario is not None:
        raise UsageError(
            f"--url stands for the setup: give the scenario alone, as in `bench capacity {scenario}`"
        )
    if running:
        (name,) = running
        return name, setup
    if scenario is None:
        raise UsageError(
            f"there is no scenario: give one after the setup, as in `bench capacity {setup} noop-async`"
        )
    return setup, scenario


def _highest_rate(wanted_per_s: float, setup: Setup) -> float:
    """The highest rate to try: as wanted, and so far below a ceiling that this does not bend the load."""
    if not setup.most_rps:
        return wanted_per_s
    return min(wanted_per_s, CEILING_SHARE * steady_rps(setup.most_rps))


def _worker_counts(text: str) -> list[int]:
    """`1,2,4`, each a number of workers. Raises UsageError."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and 1 <= int(word) <= 256 for word in words):
        raise UsageError(f"--workers {text}: give numbers of workers from 1 to 256, as in 1,2,4")
    counts = sorted({int(word) for word in words})
    scaling.check(set(counts))
    return counts


def _search(options: _Options, goal: run.Goal) -> int:
    """Find the rate that holds the objectives; 1 where there is none."""
    bench = _bench(options, options.setup)
    expected_s = _TRIALS * (_TIMES_A_TRIAL * goal.duration_s + _BETWEEN_S)
    stop_s = announce_search(options.setup, goal.scenario, expected_s, goal.patience_s)
    bench = replace(bench, stop_s=stop_s)
    folder = _create_folder(options, run.plan(goal, options.seed), bench)
    with explain_interruption(folder):
        answer = run.find(goal, options.seed, bench, folder, note)
    _conclude(folder.path, "capacity", options.as_json)
    return 0 if answer.rate_per_s is not None else 1


def _scale(options: _Options, counts: list[int], repeats: int) -> int:
    """Measure the peak throughput of each number of workers; give the exit status."""
    setup, scenario = options.setup, options.scenario
    if setup.server in ("command", "running"):
        raise UsageError(
            f"setup '{setup.name}' is not started by a server of ours: its number of workers is not ours to set"
        )
    goal = run.ScalingGoal(
        setup=setup,
        scenario=scenario,
        workers=tuple(counts),
        duration_s=options.duration_s,
        repeats=repeats,
    )
    plan = run.scaling_plan(goal, options.seed)
    bench = _bench(options, *goal.setups)
    folder = _create_folder(options, plan, bench)
    folder.add_facts(scaling={"setup": setup.name, "scenario": scenario, "cpus": run.cpus_of(setup, bench)})
    with (
        explain_interruption(folder),
        Display(count_rounds(plan), runner.expected_s(plan, bench)) as display,
    ):
        runner.run(plan, bench, folder, display)
    run.note_growth(folder)
    return _conclude(folder.path, "scaling", options.as_json)


def _bench(options: _Options, *setups: Setup) -> Workbench:
    share = cpus.share(cpus_for_any_load(cpus.count_cores()))
    return Workbench(
        setups={setup.name: setup for setup in setups},
        scenarios=options.scenarios,
        scenarios_file=options.scenarios_file,
        service=options.service,
        server_cpus=share.server,
        generator_cpus=share.generator,
        own_cpus=share.harness,
    )


def _create_folder(options: _Options, plan: Plan, bench: Workbench) -> RunFolder:
    path = choose_folder(options.out, plan.name)
    folder = RunFolder(path, runner.facts(path.name, plan, bench), latest=options.out is None)
    subject = f"{', '.join(bench.setups)}, {options.scenario}, seed {options.seed}"
    note(f"{plan.about} ({subject}); writing {short_path(path)}")
    return folder


def _conclude(path: Path, kind: str, as_json: bool) -> int:
    """Write the report, show what was found, and give the exit status."""
    done = read_run(path)
    shown = contents(understand(done))
    report = write(done, shown, path)
    note_undrawn()
    if as_json:
        say(json.dumps(done.facts.source[kind], indent=2))
    else:
        for finding in shown.findings:
            say("\n".join([*_lines(finding), ""]))
        say(render(shown.summary))
        say(f"report: {short_path(report)}")
    return exit_status(done)


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.title}. {finding.text}"
    yield from (f"  {figure}" for figure in finding.figures)
    yield from (f"  caveat {caveat.code}: {caveat.text}" for caveat in finding.caveats)
