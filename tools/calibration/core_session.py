"""Runs `bench run` in a clone as its user would, and judges what it has written; what is missing, run by run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.errors import GateError, UsageError
from bench.measure.store import read_run
from bench.model.record import Run
from bench.results.cells import gather
from bench.stats.metrics import CPU
from bench.system.processes import Processes
from bench.system.revisions import repository
from tools.calibration import core_judging
from tools.calibration.clone import Clone, clone_source
from tools.calibration.core_checks import BASE, CoreCheck, command, setups_file
from tools.calibration.core_run import BurnPrice, CoreRun, CoreVerdict
from tools.calibration.core_tally import differences, wrong_verdicts
from tools.calibration.ledger import Ledger
from tools.calibration.series import take
from tools.calibration.session import machine

_WITHIN_S = 3600.0
_GRACE_S = 20.0

_PRICING = {"base": 0, "long": 2_000}
"""The turns by which a turn is priced: a loop of some 20 % of a request, since long loops have cheaper turns."""


@dataclass(frozen=True, slots=True)
class CoreAsked:
    """A check, of which length (None: as is usual), and how many runs, those that there are included."""

    check: CoreCheck
    runs: int | None = None
    rounds: int | None = None
    minutes: float | None = None

    @property
    def count(self) -> int:
        return self.check.runs if self.runs is None else self.runs

    @property
    def length(self) -> tuple[int | None, float | None]:
        """Rounds and minutes."""
        return self.rounds or self.check.rounds, self.minutes or self.check.minutes


def calibrate(asked: CoreAsked, ledger: Ledger, here: Path, note: Callable[[str], None]) -> int:
    """Make the missing runs and add them to the ledger; gives how many failed.

    Raises GateError where the loop cannot be priced, and where one run after the other fails.
    """
    todo = missing(asked, ledger.core_runs())
    if not todo:
        return 0
    with (
        Processes() as processes,
        processes.folder() as folder,
        clone_source(repository(here), folder / "clone") as clone,
    ):
        session = _Session(
            clone=clone, processes=processes, folder=folder, asked=asked, ledger=ledger, note=note
        )

        def make(number: int) -> str:
            run = session.run(number)
            ledger.add_core(run)
            note(f"{asked.check.name}, {number + 1} of {asked.count}: {summary(run)}; {run.took_s:.0f} s")
            return run.error

        return take(todo, make, "failed")


def missing(asked: CoreAsked, runs: Sequence[CoreRun]) -> list[int]:
    """The numbers of the missing runs; one that failed is made again."""
    done = {run.number for run in runs if run.key == (asked.check.name, *asked.length) and not run.error}
    return [number for number in range(asked.count) if number not in done]


def summary(run: CoreRun) -> str:
    """What stands out in a run, in a few words."""
    if run.error:
        return f"failed, status {run.status}: {run.error}"
    wrong = [f"WRONG: {one.head} {one.verdict} than {one.base}, {one.metric}" for one in _wrong(run)]
    invalid = [f"invalid: {', '.join(run.invalid)}"] if run.invalid else []
    shown = [f"{one.verdict} {one.metric} of {one.head}" for one in differences(run) if run.turns]
    return "; ".join([*(wrong or ["nothing wrong"]), *shown, *invalid])


def _wrong(run: CoreRun) -> tuple[CoreVerdict, ...]:
    """What contradicts the truth, as far as it is known."""
    if run.turns:
        return wrong_verdicts(run)
    return differences(run) if run.check == "core-same" else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """The runs of one check in one clone."""

    clone: Clone
    processes: Processes
    folder: Path
    asked: CoreAsked
    ledger: Ledger
    note: Callable[[str], None]
    machine: str = field(default_factory=machine)

    @property
    def commit(self) -> str:
        return self.clone.base[:10]

    def run(self, number: int) -> CoreRun:
        check, (rounds, minutes) = self.asked.check, self.asked.length
        turns = self._turns()
        out = self.folder / f"run-{number}"
        began_s = time.monotonic()
        with self._neighbour(number):
            status = self._bench(check, turns, number, out)
        empty = CoreRun(
            check=check.name,
            number=number,
            rounds=rounds,
            minutes=minutes,
            status=status,
            took_s=time.monotonic() - began_s,
            commit=self.commit,
            machine=self.machine,
            turns=turns,
        )
        return conclude(empty, out, self.folder / "log")

    def _bench(self, check: CoreCheck, turns: dict[str, int], number: int, out: Path) -> int:
        """Run `bench run` to its end; gives its status. It is no job on GitHub, and writes no summary of it."""
        log, setups = self.folder / "log", self.folder / "setups.toml"
        log.unlink(missing_ok=True)
        rounds, minutes = self.asked.length
        words = [sys.executable, "-m", "bench", "run", *command(check, rounds, minutes)]
        words += ["--seed", str(number + 1), "--out", str(out)]
        if check.setups:
            setups.write_text(setups_file(check.setups, turns), encoding="utf-8")
            words += ["--setups", str(setups)]
        env = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
        with self.processes.running(
            words, log=log, env=env, cwd=self.clone.folder, grace_s=_GRACE_S
        ) as child:
            try:
                return child.wait(_WITHIN_S)
            except subprocess.TimeoutExpired:
                return 2

    @contextlib.contextmanager
    def _neighbour(self, number: int) -> Iterator[None]:
        """A process beside the run, where the check has one; it ends with the run, or else by itself."""
        if not self.asked.check.neighbour:
            yield
            return
        words = [sys.executable, "-m", "tools.calibration.neighbour", str(number + 1), f"{_WITHIN_S:g}"]
        log = self.folder / "neighbour.log"
        with self.processes.running(words, log=log, cwd=self.clone.folder) as child:
            yield
            if child.poll() is not None:
                raise GateError(f"the neighbour ended before the run: {log.read_text(errors='replace')}")

    def _turns(self) -> dict[str, int]:
        """By setup the turns of its loop."""
        shares = self.asked.check.shares
        if not shares:
            return {}
        price = self._known_price() or self._measure_price()
        return {name: price.turns(share) for name, share in shares.items()}

    def _known_price(self) -> BurnPrice | None:
        """As runs of this length measured it on this machine before."""
        here = (self.machine, self.asked.length[1])
        mine = [price for price in self.ledger.burn_prices() if (price.machine, price.minutes) == here]
        return mine[-1] if mine else None

    def _measure_price(self) -> BurnPrice:
        """The price of a request and of a turn, by a run of the bare app with and without a loop."""
        self.note("measuring what a request of the bare app and a turn of a loop cost")
        check = replace(self.asked.check, setups=tuple(_PRICING))
        out = self.folder / "pricing"
        status = self._bench(check, dict(_PRICING), 0, out)
        price = price_of(_read(out), self.asked.length[1], self.commit, self.machine)
        if price is None:
            raise GateError(f"a turn of the loop has no price: status {status}, {_tail(self.folder / 'log')}")
        self.ledger.add_burn_price(price)
        return price


def price_of(run: Run | None, minutes: float | None, commit: str, here: str) -> BurnPrice | None:
    """What a request and a turn cost; None where the run failed, or a long loop costs nothing."""
    cells = {cell.setup: cell for cell in gather(run.records, run.facts.plan)} if run else {}
    if cells.keys() != _PRICING.keys():
        return None
    request = cells[BASE].estimate(CPU)
    more = cells["long"].against(cells[BASE], CPU)
    if request is None or more is None or more.ratio <= 1:
        return None
    turn_us = request.median * (more.ratio - 1) / _PRICING["long"]
    return BurnPrice(request_us=request.median, turn_us=turn_us, minutes=minutes, commit=commit, machine=here)


def conclude(run: CoreRun, out: Path, log: Path) -> CoreRun:
    """The run with what was measured, or with what went wrong."""
    measured = _read(out)
    if measured is None or not measured.facts.finished:
        return replace(run, error=_tail(log))
    verdicts = core_judging.judge(measured)
    failures = "; ".join(f"{one.setup}: {one.error}" for one in measured.failures[:3])
    return replace(
        run,
        sliced_s=core_judging.sliced_s(measured.records),
        verdicts=verdicts,
        invalid=core_judging.invalid_setups(measured.records),
        codes=core_judging.codes(measured.records),
        error="" if verdicts else f"nothing can be compared. {failures}".strip(),
    )


def _read(out: Path) -> Run | None:
    try:
        return read_run(out)
    except UsageError:
        return None


def _tail(log: Path) -> str:
    """The last line of what was said."""
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "it ended without a word")
