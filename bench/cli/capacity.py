"""`bench capacity`: how much a setup holds, and how it scales."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli._ending import kept, status
from bench.cli._lookup import all_scenarios, one_setup
from bench.cli._options import ScenariosFile, SetupName, SetupsFile, drawn_seed, named, number, seconds
from bench.cli._terminal import note, say, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.measure.runner import Bench
    from bench.measure.store import RunFolder
    from bench.model.plan import Plan, Setup
    from bench.results.findings.finding import Finding
    from scenarios.model import Scenario

_SLO_HELP = "What must hold: p50|p90|p95|p99|p999|max|mean|errors, `<`, a number, us|ms|s|%; repeatable."
_SLOS = ("p99<50ms", "errors<0.1%")

ScenarioName = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario's name; see `bench list scenarios`.")
]


def capacity(
    setup: SetupName,
    scenario: ScenarioName,
    slo: Annotated[list[str] | None, named(f"{_SLO_HELP} [{' and '.join(_SLOS)}]", "OBJECTIVE")] = None,
    workers: Annotated[
        str | None, named("Instead: peak throughput of each number of workers, as in 1,2,4.", "N,N,N")
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
        int | None, named("Decides arrivals and random choices [drawn, and recorded].", "N")
    ] = None,
    out: Annotated[Path | None, named("Where the run is written [reports/TIME-capacity].", "FOLDER")] = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, not in words.")] = False,
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
    """
    from bench.errors import UsageError, unknown

    chosen, known = one_setup(setup, setups), all_scenarios(scenarios)
    if scenario not in known:
        raise unknown("scenario", scenario, known)
    if workers and slo:
        raise UsageError(
            "--workers measures the peak throughput, for which objectives do not matter: leave --slo out"
        )
    drawn = drawn_seed() if seed is None else seed
    asked = _Asked(scenario, known, scenarios, duration, drawn, out, as_json)
    if workers:
        raise typer.Exit(_scaling(asked, chosen, _counts(workers), repeats))
    raise typer.Exit(_capacity(asked, chosen, slo or list(_SLOS), tolerance / 100, max_rate, patience))


class _Asked:
    """What both kinds of run are told."""

    def __init__(
        self,
        scenario: str,
        scenarios: dict[str, Scenario],
        scenarios_file: Path | None,
        duration_s: float,
        seed: int,
        out: Path | None,
        as_json: bool,
    ) -> None:
        self.scenario = scenario
        self.duration_s = duration_s
        self.seed = seed
        self.as_json = as_json
        self._scenarios = scenarios
        self._scenarios_file = scenarios_file
        self._out = out

    def bench(self, *setups: Setup) -> Bench:
        from bench.measure.runner import Bench
        from bench.system import cpus

        share = cpus.share()
        return Bench(
            {setup.name: setup for setup in setups},
            self._scenarios,
            self._scenarios_file,
            server_cpus=share.server,
            generator_cpus=share.generator,
            own_cpus=share.harness,
        )

    def folder(self, plan: Plan, bench: Bench) -> RunFolder:
        from datetime import datetime

        from bench.measure.runner import facts
        from bench.measure.store import RunFolder

        path = self._out or Path("reports") / f"{datetime.now():%Y%m%d-%H%M%S}-{plan.name}"
        folder = RunFolder(path, facts(path.name, plan, bench), latest=self._out is None)
        note(
            f"{plan.about} ({', '.join(bench.setups)}, {self.scenario}, seed {self.seed}); writing {shown(path)}"
        )
        return folder


def _counts(text: str) -> list[int]:
    """`1,2,4`, each a number of workers. Raises UsageError."""
    from bench.capacity.scaling import check
    from bench.errors import UsageError

    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and 1 <= int(word) <= 256 for word in words):
        raise UsageError(f"--workers {text}: give numbers of workers from 1 to 256, as in 1,2,4")
    counts = sorted({int(word) for word in words})
    check(set(counts))
    return counts


def _capacity(
    asked: _Asked, setup: Setup, slos: list[str], tolerance: float, max_rate: float, patience_s: float
) -> int:
    from bench.capacity import run
    from bench.capacity.slo import parse_all

    objectives = parse_all(slos)
    goal = run.Goal(setup.name, asked.scenario, objectives, tolerance, max_rate, asked.duration_s, patience_s)
    bench = asked.bench(setup)
    folder = asked.folder(run.plan(goal, asked.seed), bench)
    with kept(folder):
        answer = run.find(goal, asked.seed, bench, folder, note)
    _conclude(folder.path, "capacity", asked.as_json)
    return 0 if answer.rate_per_s is not None else 1


def _scaling(asked: _Asked, setup: Setup, counts: list[int], repeats: int) -> int:
    from bench.capacity import run
    from bench.errors import UsageError
    from bench.measure import runner
    from bench.measure.progress import Display
    from bench.plan.order import cells

    if setup.server == "command":
        raise UsageError(
            f"setup '{setup.name}' is a command of its own: its number of workers is not ours to set"
        )
    plan = run.scaling_plan(setup, counts, asked.scenario, asked.duration_s, repeats, asked.seed)
    bench = asked.bench(*(run.scaled(setup, count) for count in counts))
    folder = asked.folder(plan, bench)
    folder.add_facts(
        scaling={"setup": setup.name, "scenario": asked.scenario, "cpus": run.cpus_of(setup, bench)}
    )
    with kept(folder), Display(len(cells(plan)), runner.expected_s(plan, bench)) as display:
        runner.run(plan, bench, folder, display)
    run.note_growth(folder)
    return _conclude(folder.path, "scaling", asked.as_json)


def _conclude(path: Path, kind: str, as_json: bool) -> int:
    """Write the report, say what was found, and give the exit status."""
    import json

    from bench.cli._contents import contents
    from bench.measure.store import read_run
    from bench.report import write
    from bench.report.text import render
    from bench.results.results import understand

    done = read_run(path)
    told = contents(understand(done))
    written = write(done, told, path)
    if as_json:
        say(json.dumps(done.facts.source[kind], indent=2))
    else:
        for finding in told.findings:
            say("\n".join([*_told(finding), ""]))
        say(render(told.summary))
        say(f"report: {shown(written)}")
    return status(done)


def _told(finding: Finding) -> Iterator[str]:
    yield f"{finding.title}. {finding.text}"
    yield from (f"  {figure}" for figure in finding.figures)
    yield from (f"  caveat {caveat.code}: {caveat.text}" for caveat in finding.caveats)
