"""Trials on a live server until the rate that it holds is known; each is a record of the run, like any other."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from bench.capacity.growth import growth_of
from bench.capacity.results import SET_ASIDE, Offered, knee_of, offered_loads
from bench.capacity.search import Answer, Probe, Search, Trial, Verdict, next_step, tallies
from bench.capacity.slo import SATURATED, Objective, doubts
from bench.errors import BenchError
from bench.measure.runner import Bench, audited, check_alive, measure
from bench.measure.store import RunFolder, read_run
from bench.model.facts import ScalingFacts
from bench.model.plan import Block, Cell, ClosedLoad, Load, OpenLoad, Plan, Setup
from bench.model.record import Caveat, Failure, Record
from bench.observe.neighbours import Neighbours
from bench.results.caveats import OTHERS_SHARE
from bench.results.results import understand
from bench.serve.server import Server, serving
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

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Goal:
    """What is asked: how much of a scenario a setup holds, by which objectives, and how exactly.

    A trial takes `duration_s`, and up to three times as long where a percentile wants more requests. `patience_s` is
    how long the search may wait in all for other processes to leave our CPUs alone, trials set aside included.
    """

    setup: str
    scenario: str
    objectives: tuple[Objective, ...]
    tolerance: float = 0.05
    max_per_s: float = 1_000_000.0
    duration_s: float = 4.0
    patience_s: float = 120.0

    @property
    def warmup_s(self) -> float:
        return _warmup_s(self.duration_s)

    def lasts_s(self, probe: Probe) -> float:
        """How long a trial takes: enough requests for every objective, within reason; confirmations longer."""
        wanted_s = _ENOUGH * max(one.least_requests for one in self.objectives) / probe.rate_per_s
        length_s = min(max(self.duration_s, wanted_s), _LONGEST * self.duration_s)
        return round(length_s * (CONFIRMATION if probe.confirms else 1), 1)


def _warmup_s(duration_s: float) -> float:
    return min(_WARMUP_S, _WARMUP_SHARE * duration_s)


def plan(goal: Goal, seed: int) -> Plan:
    """What a search measures, as far as that is known beforehand: its loads are found on the way."""
    about = f"the arrival rate that holds {' and '.join(one.text for one in goal.objectives)}"
    return Plan("capacity", about, (Block((goal.setup,), (goal.scenario,), ("native",), (), 1),), seed)


def scaling_plan(
    setup: Setup, workers: Sequence[int], scenario: str, duration_s: float, repeats: int, seed: int
) -> Plan:
    """The peak throughput of each number of workers, each with the same number of users a worker."""
    blocks = tuple(
        Block(
            (scaled(setup, count).name,),
            (scenario,),
            ("native",),
            (ClosedLoad(USERS_PER_WORKER * count, duration_s, _warmup_s(duration_s)),),
            repeats,
        )
        for count in workers
    )
    return Plan("scaling", "throughput by the number of workers", blocks, seed)


def scaled(setup: Setup, workers: int) -> Setup:
    """The setup with another number of workers, under a name of its own."""
    return replace(setup, name=f"{setup.name}-workers-{workers}", workers=workers)


def find(goal: Goal, seed: int, bench: Bench, folder: RunFolder, tell: Tell) -> Answer:
    """Search on a live server, and confirm on a fresh one; `tell` hears a line a trial.

    The facts of the run hold the answer, or None where the search was cut short. Raises BenchError.
    """
    began_s = time.monotonic()
    session = _Session(goal, plan(goal, seed), bench, folder, tell)
    folder.add_facts(capacity=_facts(goal, None, session))
    answer = None
    try:
        with host.on_cpus(bench.own_cpus), Processes() as processes:
            answer = session.search(processes)
        return answer
    except BenchError as error:
        folder.add_failure(Failure(goal.setup, 0, str(error), goal.scenario))
        raise
    finally:
        folder.add_facts(
            capacity=_facts(goal, answer, session),
            finished=answer is not None,
            took_s=round(time.monotonic() - began_s, 1),
        )


def _facts(goal: Goal, answer: Answer | None, session: _Session) -> dict[str, object]:
    rate, counts = answer.rate_per_s if answer else None, tallies(session.trials)
    mine = next((one for one in counts if one.rate_per_s == rate), None)
    return {
        "setup": goal.setup,
        "scenario": goal.scenario,
        "objectives": [one.text for one in goal.objectives],
        "tolerance": goal.tolerance,
        "arrivals_per_s": rate,
        "held": mine.held if mine else None,
        "failed": mine.failed if mine else None,
        "limit": answer.limit if answer else "not finished",
        "knee_per_s": knee_of(offered_loads(session.records, goal.objectives)),
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


def cpus_of(setup: Setup, bench: Bench) -> int:
    """How many CPUs the setup's server runs on."""
    return len(setup.cpus or bench.server_cpus) or os.cpu_count() or 1


def note_growth(folder: RunFolder) -> None:
    """Add the law, fitted to what a run over numbers of workers measured, to its facts."""
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


class _Session:
    """One search: the records and the trials so far, and how the next one is made."""

    def __init__(self, goal: Goal, plan: Plan, bench: Bench, folder: RunFolder, tell: Tell) -> None:
        self.records: list[Record] = []
        self.trials: list[Trial] = []
        self._goal = goal
        self._plan = plan
        self._bench = bench
        self._folder = folder
        self._tell = tell
        self._patience_s = goal.patience_s

    def search(self, processes: Processes) -> Answer:
        with self._serving(processes) as server:
            search = Search(self._first_guess(server, processes), self._goal.tolerance, self._goal.max_per_s)
            while isinstance(step := next_step(search, self.trials), Probe) and not step.confirms:
                self.trials.append(Trial(step, self._try(step, server, processes)))
        if isinstance(step, Answer):
            return step
        with self._serving(processes) as server:
            while isinstance(step := next_step(search, self.trials), Probe):
                self.trials.append(Trial(step, self._try(step, server, processes)))
        return step

    @contextlib.contextmanager
    def _serving(self, processes: Processes) -> Iterator[Server]:
        setup = self._bench.setups[self._goal.setup]
        with serving(setup, processes, host=self._bench.address, cpus=self._bench.server_cpus) as server:
            yield server

    def _first_guess(self, server: Server, processes: Processes) -> float:
        """A fraction of what a closed loop reaches: low enough to show the service at ease. A session of many
        requests may still be too much of it; the search then goes down."""
        load = ClosedLoad(_GUESS_USERS, self._goal.duration_s / 2, self._goal.warmup_s)
        record = self._keep(self._measure(load, server, processes))
        check_alive(server, record)
        reached_rps = record.summary.throughput_rps
        self._tell(f"{load.label}: {reached_rps:,.0f} requests/s, to guess where to begin")
        return float(f"{reached_rps * _GUESS_SHARE:.3g}") or _GUESS_PER_S

    def _try(self, probe: Probe, server: Server, processes: Processes) -> Verdict:
        """The verdict of a trial that is evidence: one during which others used our CPUs is kept, set aside and made
        again when they have left, as long as there is patience."""
        load = OpenLoad(probe.rate_per_s, self._goal.lasts_s(probe), self._goal.warmup_s)
        while True:
            began_s = time.monotonic()
            offered = Offered(self._measure(load, server, processes), self._goal.objectives)
            is_saturated = SATURATED in offered.missed
            counts = is_saturated or self._patience_s <= 0 or offered.is_evidence(probe.confirms)
            offered = replace(offered, record=self._keep(offered.record if counts else set_aside(offered)))
            self._tell(f"{'confirming ' if probe.confirms else ''}{offered.line}")
            check_alive(server, offered.record)
            if counts:
                return "saturated" if is_saturated else "failed" if offered.missed else "held"
            self._wait_for_quiet(server, processes, began_s + self._patience_s)
            self._patience_s -= time.monotonic() - began_s

    def _wait_for_quiet(self, server: Server, processes: Processes, until_s: float) -> None:
        share = 1.0
        while share > OTHERS_SHARE and time.monotonic() < until_s:
            neighbours = Neighbours(
                server.pid, server.cpus, self._bench.generator_cpus, processes, self._bench.own_cpus
            )
            time.sleep(_QUIET_S)
            share = neighbours.share()

    def _measure(self, load: Load, server: Server, processes: Processes) -> Record:
        repeat = sum(record.cell.load == load for record in self.records)
        cell = Cell(self._goal.setup, self._goal.scenario, "native", load, repeat)
        found = measure(cell, server, self._plan, self._bench, processes, lambda _: None)
        record = audited(replace(found, run=self._folder.path.name))
        more = doubts(record.summary, self._goal.objectives)
        return replace(record, caveats=(*record.caveats, *more))

    def _keep(self, record: Record) -> Record:
        self.records.append(record)
        self._folder.add(record)
        return record


def set_aside(offered: Offered) -> Record:
    """The record of a trial that does not count, which says so."""
    why = f"not counted, and made again: {offered.disturbance}"
    return replace(offered.record, caveats=(*offered.record.caveats, Caveat(SET_ASIDE, why)))
