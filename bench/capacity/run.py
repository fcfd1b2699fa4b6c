"""Makes trials on a live server until the rate that it holds is known; each trial is a record of the run."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

from bench.capacity.growth import growth_of
from bench.capacity.results import SET_ASIDE, Offered, knee_of, offered_loads
from bench.capacity.search import Probe, Search, SearchResult, Trial, TrialVerdict, next_step, tallies
from bench.capacity.slo import SATURATED, doubts
from bench.errors import BenchError, EngineError
from bench.measure.cell import check_alive, measure
from bench.measure.neighbourhood import watch_neighbours
from bench.measure.store import RunFolder, read_run
from bench.measure.workbench import Harness, Workbench
from bench.model.facts import ScalingFacts
from bench.model.plan import Block, Cell, ClosedLoad, Load, OpenLoad, Plan, Setup
from bench.model.record import Caveat, Failure, Record
from bench.results.caveats import OTHERS_SHARE
from bench.results.results import understand
from bench.serve.attached import reaching
from bench.serve.server import Server, serving
from bench.stats.conditions import Condition
from bench.system import host
from bench.system.processes import Processes

CONFIRMATION = 3
_LONGEST = 3
_ENOUGH = 1.1
_WARMUP_S = 0.5
_WARMUP_SHARE = 0.25
_GUESS_USERS = 64
_GUESS_SHARE = 1 / 8
_GUESS_PER_S = 20.0

_QUIET_S = 2.0

USERS_PER_WORKER = 32

OnTrial = Callable[[str], None]
"""Called with one line as soon as a trial ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The question of a search: which rate of a scenario does a setup hold, by these objectives and this tolerance?

    A trial takes `duration_s`, and up to three times as long where a percentile wants more requests. `patience_s` is
    how long the search may wait in all for other processes to leave our CPUs alone, trials set aside included.
    """

    setup: str
    scenario: str
    objectives: tuple[Condition, ...]
    tolerance: float = 0.05
    max_per_s: float = 1_000_000.0
    duration_s: float = 4.0
    patience_s: float = 120.0

    @property
    def warmup_s(self) -> float:
        return _warmup_s(self.duration_s)

    def lasts_s(self, probe: Probe) -> float:
        """The length of a trial: enough requests for every objective, within reason; confirmations are longer."""
        wanted_s = _ENOUGH * max(one.least_requests for one in self.objectives) / probe.rate_per_s
        length_s = min(max(self.duration_s, wanted_s), _LONGEST * self.duration_s)
        return round(length_s * (CONFIRMATION if probe.confirms else 1), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingGoal:
    """The question of a run over numbers of workers: which peak throughput does each reach?"""

    setup: Setup
    scenario: str
    workers: tuple[int, ...]
    duration_s: float
    repeats: int

    @property
    def setups(self) -> tuple[Setup, ...]:
        """The setup with each number of workers, under a name of its own."""
        name = self.setup.name
        return tuple(
            replace(self.setup, name=f"{name}-workers-{count}", workers=count) for count in self.workers
        )


def _warmup_s(duration_s: float) -> float:
    return min(_WARMUP_S, _WARMUP_SHARE * duration_s)


def plan(goal: Goal, seed: int) -> Plan:
    """The plan of a search as far as it is known beforehand: the search finds its loads on the way."""
    about = f"the arrival rate that holds {' and '.join(one.text for one in goal.objectives)}"
    return Plan("capacity", about, (Block((goal.setup,), (goal.scenario,), ("native",), (), rounds=1),), seed)


def scaling_plan(goal: ScalingGoal, seed: int) -> Plan:
    """The plan that measures the peak throughput of each number of workers, with the same number of users a worker."""
    warmup_s = _warmup_s(goal.duration_s)
    blocks = tuple(
        Block(
            (setup.name,),
            (goal.scenario,),
            ("native",),
            (ClosedLoad(USERS_PER_WORKER * setup.workers, goal.duration_s, warmup_s),),
            rounds=goal.repeats,
        )
        for setup in goal.setups
    )
    return Plan("scaling", "throughput by the number of workers", blocks, seed, long=True)


def find(goal: Goal, seed: int, bench: Workbench, folder: RunFolder, on_trial: OnTrial) -> SearchResult:
    """Search on a live server, and confirm on a fresh one.

    The facts of the run hold the result, or None where the search was cut short. Raises BenchError.
    """
    began_s = time.monotonic()
    search = _LiveSearch(goal, plan(goal, seed), bench, folder, on_trial)
    folder.add_facts(capacity=_facts(goal, None, search))
    result = None
    try:
        with host.on_cpus(bench.own_cpus), Processes() as processes:
            result = search.run(processes)
        return result
    except BenchError as error:
        folder.add_failure(Failure(goal.setup, 0, str(error), goal.scenario))
        raise
    finally:
        folder.add_facts(
            capacity=_facts(goal, result, search),
            finished=result is not None,
            took_s=round(time.monotonic() - began_s, 1),
        )


def _facts(goal: Goal, result: SearchResult | None, search: _LiveSearch) -> dict[str, object]:
    rate, counts = result.rate_per_s if result else None, tallies(search.trials)
    mine = next((one for one in counts if one.rate_per_s == rate), None)
    return {
        "setup": goal.setup,
        "scenario": goal.scenario,
        "objectives": [one.text for one in goal.objectives],
        "tolerance": goal.tolerance,
        "arrivals_per_s": rate,
        "held": mine.held if mine else None,
        "failed": mine.failed if mine else None,
        "limit": result.limit if result else "not finished",
        "knee_per_s": knee_of(offered_loads(search.records, goal.objectives)),
        "confirmations": [
            {
                "arrivals_per_s": one.rate_per_s,
                "duration_s": goal.lasts_s(Probe(one.rate_per_s, confirms=True)),
                "held": one.held,
                "failed": one.failed,
            }
            for one in counts
        ],
    }


def cpus_of(setup: Setup, bench: Workbench) -> int:
    """The number of CPUs that the setup's server runs on."""
    return len(setup.cpus or bench.server_cpus) or os.cpu_count() or 1


def note_growth(folder: RunFolder) -> None:
    """Fit the law to a run over numbers of workers, and add it to the run's facts."""
    if (found := growth_of(understand(read_run(folder.path)))) is None:
        return
    medians = {str(workers): round(figure.median, 1) for workers, figure in found.points.items()}
    folder.add_facts(
        scaling=asdict(
            ScalingFacts(
                setup=found.setup,
                scenario=found.scenario,
                cpus=found.cpus,
                throughput_rps=medians,
                lambda_rps=found.law.rate_rps,
                sigma=found.law.sigma,
                kappa=found.law.kappa,
                peak_workers=found.law.peak_workers,
                held_back_by=found.brake,
            )
        )
    )


class _LiveSearch:
    """One search on live servers: its records and trials so far; it makes the next trial."""

    def __init__(
        self, goal: Goal, plan: Plan, bench: Workbench, folder: RunFolder, on_trial: OnTrial
    ) -> None:
        self.records: list[Record] = []
        self.trials: list[Trial] = []
        self._goal = goal
        self._plan = plan
        self._bench = bench
        self._folder = folder
        self._on_trial = on_trial
        self._patience_s = goal.patience_s

    def run(self, processes: Processes) -> SearchResult:
        """Search, and confirm on a fresh server. Raises BenchError."""
        with self._serving(processes) as server:
            search = Search(self._first_guess(server, processes), self._goal.tolerance, self._goal.max_per_s)
            while isinstance(step := next_step(search, self.trials), Probe) and not step.confirms:
                self.trials.append(Trial(step, self._try(step, server, processes)))
        if isinstance(step, SearchResult):
            return step
        with self._serving(processes) as server:
            while isinstance(step := next_step(search, self.trials), Probe):
                self.trials.append(Trial(step, self._try(step, server, processes)))
        return step

    @contextlib.contextmanager
    def _serving(self, processes: Processes) -> Iterator[Server]:
        setup = self._bench.setups[self._goal.setup]
        start = serving(setup, processes, host=self._bench.address, cpus=self._bench.server_cpus)
        with reaching(setup, start) as server:
            yield server

    def _first_guess(self, server: Server, processes: Processes) -> float:
        """A fraction of what a closed loop reaches: low enough to show the service at ease.

        A session of many requests may still be too much at this rate; the search then goes down.
        """
        load = ClosedLoad(_GUESS_USERS, self._goal.duration_s / 2, self._goal.warmup_s)
        record = self._keep(self._measure(load, server, processes))
        check_alive(server, record)
        reached_rps = record.summary.throughput_rps
        self._on_trial(f"{load.label}: {reached_rps:,.0f} requests/s, to guess where to begin")
        return float(f"{reached_rps * _GUESS_SHARE:.3g}") or _GUESS_PER_S

    def _try(self, probe: Probe, server: Server, processes: Processes) -> TrialVerdict:
        """Make a trial that counts as evidence.

        A trial during which others used our CPUs stays in the run, set aside, and is made again once they have left, as
        long as there is patience.
        """
        load = OpenLoad(probe.rate_per_s, self._goal.lasts_s(probe), self._goal.warmup_s)
        while True:
            began_s = time.monotonic()
            offered = Offered(self._measure(load, server, processes), self._goal.objectives)
            is_saturated = not SATURATED.isdisjoint(offered.missed)
            counts = is_saturated or self._patience_s <= 0 or offered.is_evidence(probe.confirms)
            offered = replace(offered, record=self._keep(offered.record if counts else set_aside(offered)))
            self._on_trial(f"{'confirming ' if probe.confirms else ''}{offered.line}")
            check_alive(server, offered.record)
            if counts:
                return "saturated" if is_saturated else "failed" if offered.missed else "held"
            self._wait_for_quiet(server, processes, began_s + self._patience_s)
            self._patience_s -= time.monotonic() - began_s

    def _wait_for_quiet(self, server: Server, processes: Processes, until_s: float) -> None:
        share = 1.0
        while share > OTHERS_SHARE and time.monotonic() < until_s:
            neighbours = watch_neighbours([server], self._bench, processes)
            time.sleep(_QUIET_S)
            share = neighbours.share()

    def _measure(self, load: Load, server: Server, processes: Processes) -> Record:
        if time.monotonic() >= self._bench.stop_s:
            raise EngineError(
                "the time that was announced is over before the search is: give a shorter --duration or a larger "
                "--tolerance"
            )
        repeat = sum(record.cell.load == load for record in self.records)
        cell = Cell(self._goal.setup, self._goal.scenario, "native", load, repeat=repeat)
        harness = Harness(
            run=self._folder.path.name, plan=self._plan, workbench=self._bench, processes=processes
        )
        return measure(cell, server, harness, doubts=lambda summary: doubts(summary, self._goal.objectives))

    def _keep(self, record: Record) -> Record:
        self.records.append(record)
        self._folder.add(record)
        return record


def set_aside(offered: Offered) -> Record:
    """The record of a trial that does not count, with the caveat that says so."""
    why = f"not counted, and made again: {offered.disturbance}"
    return replace(offered.record, caveats=(*offered.record.caveats, Caveat(SET_ASIDE, why)))
