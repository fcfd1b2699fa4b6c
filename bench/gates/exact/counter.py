"""Counts instructions: a folder, the processes that count or trace one arm each, and the figures in their files."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from bench.errors import GateError
from bench.gates.exact import callgrind, reasons
from bench.gates.exact.figures import MISS, Figure, count_instructions
from bench.gates.exact.job import CountingJob, CountingResult, read_result
from bench.gates.origin.imports import HOUSE
from bench.model.change import Change
from bench.model.plan import Setup
from bench.observe.telemetry import TELEMETRY_DIR
from bench.system.processes import Processes
from bench.system.revisions import Tree
from bench.system.waiting import wait_until

_WITHIN_S = 900.0
_POLL_S = 0.05
_LOG_LINES = 12

_APP_DIR = "--app-dir"
_COUNTING, _TRACING = "counting", "tracing"
"""Modules of this package that run as programs."""

_VALGRIND = (
    *("valgrind", "--tool=callgrind", "--instr-atstart=no", "--fair-sched=yes", "--dump-before=getppid"),
    "--zero-before=*sched_get_priority_max",
    *("--compress-strings=no", "--compress-pos=no", "--dump-line=no"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingPlan:
    """An app as a setup names it, with that setup's environment and loop, and the scenarios to run it under.

    `chosen` says that the user named the scenarios; otherwise those that only the base has count as regressed.
    `left_out` are the costly scenarios that would otherwise be counted, too.
    """

    setup: Setup
    scenarios: tuple[str, ...]
    scenarios_file: Path | None = None
    chosen: bool = False
    left_out: tuple[str, ...] = ()

    def only(self, scenarios: tuple[str, ...]) -> CountingPlan:
        """The same plan for some of its scenarios."""
        return replace(self, scenarios=scenarios)


@dataclass(frozen=True, slots=True)
class CountingArm:
    """One version, named base or head, the CPUs that it runs on, and the roots of other versions' files."""

    name: str
    tree: Tree
    cpus: tuple[int, ...] = ()
    foreign: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class InstructionCounts:
    """The counts of one arm: the result of its process, the figures by endpoint, and the folder of its part files.

    `counts_lookups` says whether this Python has the symbols to count attribute lookups separately.
    """

    result: CountingResult
    figures: dict[str, Figure]
    folder: Path
    counts_lookups: bool

    def libraries(self, name: str) -> Mapping[str, float]:
        """Instructions per request of an endpoint, by program or library."""
        batches = dict(_labelled_batches(self.result))[name]
        requests = sum(count for _, count in batches)
        spent = sum(
            (callgrind.by_object((self.folder / part).read_text()) for part, _ in batches),
            start=callgrind.by_object(""),
        )
        return {library: count / requests for library, count in spent.items()}


class InstructionCounter(contextlib.ExitStack):
    """A temporary folder and the processes that count in it; both are gone at the end."""

    def __enter__(self) -> InstructionCounter:
        super().__enter__()
        self._processes = self.enter_context(Processes())
        self.folder = self.enter_context(self._processes.folder())
        self._round = 0
        return self

    def count(
        self, plan: CountingPlan, arms: Sequence[CountingArm], hash_seed: int = 0
    ) -> list[InstructionCounts]:
        """Count the instructions of all arms at the same time. Raises GateError."""
        folders = self._run(_COUNTING, plan, arms, hash_seed)
        return [_read(folder, arm.name) for folder, arm in zip(folders, arms, strict=True)]

    def reasons(
        self,
        plan: CountingPlan,
        arms: Sequence[CountingArm],
        counts: Sequence[InstructionCounts],
        changes: Sequence[Change],
    ) -> dict[str, tuple[str, ...]]:
        """By name of a change, the functions and libraries that make it. Raises GateError."""
        base, head = (_read_functions(folder) for folder in self._run(_TRACING, plan, arms, 0))
        nothing = reasons.Functions({}, {})
        return {
            one.name: (
                *reasons.functions(base.get(one.name, nothing), head.get(one.name, nothing)),
                *reasons.libraries(*(of_arm.libraries(one.name) for of_arm in counts)),
            )
            for one in changes
            if one.verdict in ("regressed", "improved")
        }

    def _run(
        self, program: str, plan: CountingPlan, arms: Sequence[CountingArm], hash_seed: int
    ) -> list[Path]:
        """Run a program for each arm, side by side, until all have ended; their folders."""
        self._round += 1
        agreed = self.folder / f"sessions-{self._round}"
        folders = [self.folder / f"{arm.name}-{self._round}" for arm in arms]
        with contextlib.ExitStack() as stack:
            children = {}
            for arm, folder in zip(arms, folders, strict=True):
                folder.mkdir()
                _job(plan, arm, folder, agreed=agreed, leads=arm is arms[0]).write(folder / "job")
                child = self._processes.running(
                    _command(program, folder),
                    log=folder / "log",
                    cpus=arm.cpus,
                    env=_environment(plan.setup, folder, hash_seed),
                    cwd=arm.tree.folder,
                )
                children[arm.name, folder] = stack.enter_context(child)
            _wait(children)
        return folders


def _job(plan: CountingPlan, arm: CountingArm, folder: Path, *, agreed: Path, leads: bool) -> CountingJob:
    return CountingJob(
        tree=arm.tree.folder,
        root=arm.tree.root,
        here=Path.cwd(),
        imports=_imports(plan.setup, arm.tree.folder),
        foreign=arm.foreign,
        app=plan.setup.app,
        loop=plan.setup.loop,
        scenarios=plan.scenarios,
        scenarios_file=plan.scenarios_file,
        answer=folder / "answer",
        parts=folder / "part",
        agreed=agreed,
        leads=leads,
    )


def _command(program: str, folder: Path) -> list[str]:
    python = [sys.executable, "-P", "-m", f"bench.gates.exact.{program}", str(folder / "job")]
    if program != _COUNTING:
        return python
    return [
        *_VALGRIND,
        f"--callgrind-out-file={folder / 'part'}",
        f"--log-file={folder / 'valgrind'}",
        *python,
    ]


def _imports(setup: Setup, tree: Path) -> tuple[Path, ...]:
    """The folders where a server would look for the app first: those of `--app-dir`, then its own."""
    words = [word for given in setup.args for word in given.split("=", 1)]
    given = [folder for option, folder in pairwise(words) if option == _APP_DIR]
    return (*(tree / folder for folder in given), tree)


def _environment(setup: Setup, folder: Path, hash_seed: int) -> dict[str, str]:
    """The user's environment, the setup's, and variables that make two runs alike; no bytecode is written into a tree.

    The app's probe is switched off: it works by the clock, so its instructions would fall on any request.
    """
    given = {key: value.replace("{tmp}", str(folder)) for key, value in setup.env.items()}
    path = os.pathsep.join(filter(None, [str(HOUSE), given.get("PYTHONPATH", os.environ.get("PYTHONPATH"))]))
    ours = {"PYTHONPATH": path, "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"}
    return {key: value for key, value in {**os.environ, **given, **ours}.items() if key != TELEMETRY_DIR}


def _wait(children: Mapping[tuple[str, Path], subprocess.Popen[str]]) -> None:
    """Wait until all have ended well. Raises GateError as soon as one has failed."""

    def have_ended() -> bool:
        states = {key: child.poll() for key, child in children.items()}
        for (arm, folder), status in states.items():
            if status or (status == 0 and not (folder / "answer").exists()):
                raise GateError(f"{arm} cannot be measured:\n{_log_tail(folder / 'log')}")
        return None not in states.values()

    if not wait_until(have_ended, _WITHIN_S, _POLL_S):
        raise GateError(f"measuring was not done within {_WITHIN_S:g} s")


def _log_tail(log: Path) -> str:
    """The errors that one of our programs wrote, or else the last lines."""
    lines = log.read_text(errors="replace").splitlines()
    errors = [line.removeprefix("bench: ") for line in lines if line.startswith("bench: ")]
    return "\n".join(
        f"    {line}" for line in errors or lines[-_LOG_LINES:] or ["it ended without an answer"]
    )


def _read(folder: Path, arm: str) -> InstructionCounts:
    result = read_result(folder / "answer")
    if (folder / f"part.{result.parts + 1}").exists():
        raise GateError(f"{arm}: the app itself calls getppid(), which marks where our batches end")
    figures = {
        name: _figure([(count_instructions((folder / part).read_text()), count) for part, count in batches])
        for name, batches in _labelled_batches(result)
    }
    first_part = (folder / "part.1").read_text()  # `counting` makes one such lookup before it
    return InstructionCounts(result, figures, folder, counts_lookups=MISS in first_part)


def _figure(parts: Sequence[tuple[tuple[int, int], int]]) -> Figure:
    blocks = tuple(instructions / requests for (instructions, _), requests in parts)
    lookups = sum(lookups for (_, lookups), _ in parts) / sum(requests for _, requests in parts)
    return Figure(blocks, lookups)


def _read_functions(folder: Path) -> dict[str, reasons.Functions]:
    """By name of an endpoint, the bytecodes of its functions, as `tracing` wrote them."""
    traces = json.loads((folder / "answer").read_text())
    return {
        _full_name(scenario, label, labels): reasons.Functions(**counts)
        for scenario, labels in traces.items()
        for label, counts in labels.items()
    }


def _labelled_batches(result: CountingResult) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    for scenario, batches in result.batches.items():
        for label, parts in (batches or {}).items():
            yield _full_name(scenario, label, batches or {}), parts


def _full_name(scenario: str, label: str, labels: Mapping[str, object]) -> str:
    """`noop-async`, or `items-crud: GET /items/{id}` where a scenario makes several kinds of requests."""
    return scenario if len(labels) == 1 else f"{scenario}: {label}"
