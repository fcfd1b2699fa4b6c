"""Runs the cases: a fresh truth server each, measured as every cell of a run is, and compared with its own log."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.engines.job import read_job
from bench.errors import BenchError
from bench.machine.selftest.behaviours import encode
from bench.machine.selftest.cases import CASES, PASSING, Case
from bench.machine.selftest.comparison import FigureCheck, compare
from bench.machine.selftest.log import read_log
from bench.machine.selftest.workload import NAME, SCENARIOS
from bench.measure.cell import measure
from bench.measure.workbench import Harness, Workbench
from bench.model.plan import Cell, Plan, Setup
from bench.model.samples import Samples, read
from bench.serve.server import serving
from bench.system import cpus, host
from bench.system.home import own_command
from bench.system.processes import Processes

CaseVerdict = Literal["right", "wrong", "disturbed"]

_TRIES = {"right": 1, "disturbed": 2, "wrong": 3}
_PLAN = Plan(NAME, "", (), seed=1)
_WORKLOAD = Path(__file__).with_name("workload.py")


@dataclass(frozen=True, slots=True)
class Result:
    """The checks of a case's last try, how many tries it took, and the record's caveats of the machine."""

    case: Case
    checks: tuple[FigureCheck, ...]
    tries: int = 1
    disturbance: frozenset[str] = frozenset()

    @property
    def verdict(self) -> CaseVerdict:
        """ "disturbed" where the record says that it was, and only figures are off that the machine can spoil."""
        off = [check for check in self.checks if not check.right]
        if self.disturbance and all(check.disturbed for check in off):
            return "disturbed" if off else "right"
        return "wrong" if off else "right"


def choose_cases(
    names: Sequence[str] = (), engines: Sequence[str] = (), *, short: bool = False, doctor: bool = False
) -> tuple[Case, ...]:
    """The cases of these names and engines, where any are named; only those of the short form or of the doctor."""
    return tuple(
        case
        for case in CASES
        if (not names or case.name in names)
        and (not engines or case.engine in engines)
        and (case.short or not short)
        and (case.doctor or not doctor)
    )


def run(
    cases: Sequence[Case], on_try: Callable[[Case, int], None] = lambda case, attempt: None
) -> Iterator[Result]:
    """Measure each case; `on_try` is called with (case, number of the try) before each try.

    A case that fails in times or caveats only is measured up to three times, twice where the machine disturbs it: a
    hiccup does not come three times in a row, a wrong instrument does. Counts must be right at once.
    """
    share = cpus.share()
    processes = _Keeping()
    with host.on_cpus(share.harness), processes:
        for case in cases:
            for attempt in itertools.count(1):
                on_try(case, attempt)
                checks, codes = _measure(case, processes, share)
                result = Result(case, checks, attempt, PASSING & codes)
                if is_settled(result):
                    break
            yield result


def is_settled(result: Result) -> bool:
    """Whether another try would change nothing, or all tries are used up."""
    miscounted = any(check.exact and not check.right for check in result.checks)
    return miscounted or result.tries >= _TRIES[result.verdict]


def _measure(
    case: Case, processes: _Keeping, share: cpus.Share
) -> tuple[tuple[FigureCheck, ...], frozenset[str]]:
    """One try: its checks, and the codes of the record's caveats."""
    processes.kept.clear()
    cell = Cell("truth", NAME, case.engine, case.load)
    with processes.folder() as folder:
        log = folder / "log"
        bench = Workbench(
            setups={"truth": _setup(case, log)},
            scenarios=SCENARIOS,
            scenarios_file=_WORKLOAD,
            server_cpus=share.server,
            generator_cpus=share.generator,
            own_cpus=share.harness,
        )
        try:
            with serving(bench.setups["truth"], processes, cpus=share.server) as server:
                harness = Harness(run="", plan=_PLAN, workbench=bench, processes=processes)
                record = measure(cell, server, harness)
        except BenchError as error:
            reason = str(error).splitlines()[-1].strip()
            failed = FigureCheck(what="measured", server="a record", engine=reason, right=False, exact=True)
            return (failed,), frozenset()
        (samples,) = processes.kept
        codes = frozenset(caveat.code for caveat in record.caveats)
        return compare(case, record, samples, read_log(log)), codes


def _setup(case: Case, log: Path) -> Setup:
    module = own_command("bench.machine.selftest.server", "{host}", "{port}")
    return Setup("truth", "command", command=(*module, encode(case.behaviour), str(log)), health="/up")


class _Keeping(Processes):
    """Processes that keep the samples of each generator before its folder is removed."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Samples] = []

    @contextlib.contextmanager
    def running(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, **options: Any
    ) -> Iterator[subprocess.Popen[str]]:
        with super().running(command, env=env, **options) as child:
            yield child
            if options.get("talking") and env is not None:
                self.kept.append(read(read_job(Path(env["BENCH_JOB"])).samples))
