"""A calibration: what is still to be run, run by run, each written down as soon as it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.system import host
from bench.system.processes import Processes
from bench.system.revisions import repository
from tools.calibration.clone import clone_source
from tools.calibration.faults import FAULTS, GATES, Gate, SeededFault, watched_scenarios
from tools.calibration.gate_run import GateRun, Price
from tools.calibration.judging import GateRunner
from tools.calibration.ledger import Ledger
from tools.calibration.prices import prices
from tools.calibration.series import take


@dataclass(frozen=True, slots=True)
class Asked:
    """Which gates and faults; how many runs of each, those that there are included (None: as many as are usual).

    `seconds` is what the paired gate is given for a scenario; runs of other lengths count apart.
    """

    gates: tuple[Gate, ...] = GATES
    faults: tuple[str, ...] = tuple(FAULTS)
    runs: int | None = None
    seconds: float = 40.0

    def length(self, gate: Gate) -> float | None:
        return self.seconds if gate == "paired" else None


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run to come."""

    gate: Gate
    fault: SeededFault
    number: int
    runs: int


def calibrate(asked: Asked, ledger: Ledger, here: Path, note: Callable[[str], None]) -> int:
    """Run what is missing and add it to the ledger; gives how many runs came to no verdict.

    Raises GateError where a fault does not fit the app any more, where prices cannot be had, and where one run after
    the other comes to no verdict: then all would.
    """
    todo = steps(asked, ledger.trials())
    if not todo:
        return 0
    with (
        Processes() as processes,
        processes.folder() as folder,
        clone_source(repository(here), folder / "clone") as clone,
    ):
        session = _Session(GateRunner(clone, processes, folder), ledger, asked, note)

        def make(step: PlannedRun) -> str:
            trial = session.run(step)
            ledger.add(trial)
            note(f"{title(step)}: {summary(trial)}; {trial.took_s:.0f} s")
            return trial.error

        return take(todo, make, "came to no verdict")


def steps(asked: Asked, trials: Iterable[GateRun]) -> list[PlannedRun]:
    """The missing runs, in turn: one of each fault, then another of each. A run without a verdict is made again."""
    done = {(one.gate, one.fault, one.number, one.seconds) for one in trials if not one.error}
    wanted = [
        PlannedRun(gate, fault, number, runs)
        for gate in asked.gates
        for fault in map(FAULTS.__getitem__, asked.faults)
        for runs in [fault.runs[gate] if asked.runs is None else asked.runs]
        for number in range(runs)
        if (gate, fault.name, number, asked.length(gate)) not in done
    ]
    return sorted(wanted, key=lambda step: (GATES.index(step.gate), step.number))


class _Session:
    """The steps of a calibration in one clone."""

    def __init__(self, bench: GateRunner, ledger: Ledger, asked: Asked, note: Callable[[str], None]) -> None:
        self._bench = bench
        self._ledger = ledger
        self._asked = asked
        self._note = note
        self._commit = bench.clone.base[:10]
        self._machine = machine()

    def run(self, step: PlannedRun) -> GateRun:
        gate, fault, number = step.gate, step.fault, step.number
        turns = self._turns(step)
        patches = [(patch, turns[name]) for name in turns for patch in fault.spoiled[name]]
        head = self._bench.clone.head(patches, words=number)
        scenarios, seconds = watched_scenarios(gate, fault), self._asked.length(gate)
        said = self._bench.judge(gate, head, scenarios, seconds, number)
        return GateRun(
            gate=gate,
            fault=fault.name,
            number=number,
            seconds=seconds,
            scenarios=scenarios,
            spoiled=turns,
            status=said.status,
            took_s=said.took_s,
            commit=self._commit,
            machine=self._machine,
            rows=said.rows,
            error=said.error,
        )

    def _turns(self, step: PlannedRun) -> dict[str, int]:
        """By scenario that is to be spoiled, the turns of its loop."""
        sites = step.fault.sites(step.gate, step.number)
        if step.fault.share is None:
            return dict.fromkeys(sites, 0)
        known = self._prices(step.gate)
        return {name: known[name].turns(step.fault.share) for name in sites}

    def _prices(self, gate: Gate) -> dict[str, Price]:
        """As they were measured on this machine before, or now."""
        if not (known := self._known(gate)):
            self._note(f"{gate}: measuring what a request and a turn of a loop cost")
            self._ledger.add_prices(prices(self._bench, gate, self._commit, self._machine))
            known = self._known(gate)
        return known

    def _known(self, gate: Gate) -> dict[str, Price]:
        mine = (self._machine, gate)
        return {one.scenario: one for one in self._ledger.prices() if (one.machine, one.gate) == mine}


def machine() -> str:
    """The machine and the interpreter, in a line."""
    found = host.fingerprint()
    return f"{found['cpu_model']}, {found['cores']} CPUs, Linux {found['kernel']}, {found['python']}"


def title(step: PlannedRun) -> str:
    return f"{step.gate}, {step.fault.name}, {step.number + 1} of {step.runs}"


def summary(trial: GateRun) -> str:
    """`found noop-async; inconclusive json-model`, `quiet`, or what was called worse though it is not."""
    if trial.error:
        return f"no verdict, status {trial.status}: {trial.error.splitlines()[-1]}"
    said: dict[str, list[str]] = {}
    for name in trial.spoiled:
        verdict = trial.verdict(name)
        said.setdefault("found" if verdict == "regressed" else str(verdict), []).append(name)
    alarms = ", ".join(f"{row.name} {row.metric}" for row in trial.alarms())
    faults = [f"{verdict}: {', '.join(names)}" for verdict, names in said.items()]
    return "; ".join([*faults, f"FALSE ALARM: {alarms}" if alarms else "no false alarm"])
