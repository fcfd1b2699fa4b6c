"""Counts instructions: a folder, the processes that count or trace one arm each, and the figures in their files."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import GateError
from bench.gates.exact import callgrind, reasons
from bench.gates.exact.figures import MISS, Figure, count_instructions
from bench.gates.exact.program import CountingArm, CountingPlan, Program, command, environment, make_job
from bench.inside._fastapi_bench_exact.job import CountingResult, read_result
from bench.model.change import Change
from bench.model.plan import Setup
from bench.model.secrets import secrets_of
from bench.serve import commands
from bench.serve.server import ServerPlace, fill, prepare
from bench.serve.services import providing
from bench.system.logs import tail
from bench.system.processes import Processes
from bench.system.waiting import wait_until

_WITHIN_S = 900.0
_POLL_S = 0.05
_LOG_LINES, _MOST_LOG_LINES, _MOST_SAID = 12, 10_000, 600

_ADDRESS = ("127.0.0.1", 8000)
"""Stands for {host} and {port} in a setup: nobody listens there, and it is the same for all arms."""


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
        folders = self._run("counting", plan, arms, hash_seed)
        return [_read(folder, arm.name) for folder, arm in zip(folders, arms, strict=True)]

    def reasons(
        self,
        plan: CountingPlan,
        arms: Sequence[CountingArm],
        counts: Sequence[InstructionCounts],
        changes: Sequence[Change],
    ) -> dict[str, tuple[str, ...]]:
        """By name of a change, the functions and libraries that make it. Raises GateError."""
        base, head = (_read_functions(folder) for folder in self._run("tracing", plan, arms, 0))
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
        self, program: Program, plan: CountingPlan, arms: Sequence[CountingArm], hash_seed: int
    ) -> list[Path]:
        """Run a program for each arm, side by side, until all have ended; their folders."""
        self._round += 1
        agreed = self.folder / f"sessions-{self._round}"
        folders = [self.folder / f"{arm.name}-{self._round}" for arm in arms]
        with contextlib.ExitStack() as stack:
            children = {}
            for arm, folder in zip(arms, folders, strict=True):
                folder.mkdir()
                make_job(plan, arm, folder, agreed=agreed, leads=arm is arms[0]).write(folder / "job")
                child = self._processes.running(
                    command(program, arm.interpreter.path, folder),
                    log=folder / "log",
                    cpus=arm.cpus,
                    env=environment(self._provide(stack, plan.setup, arm, folder), hash_seed),
                    cwd=arm.tree.folder,
                )
                children[arm.name, folder] = stack.enter_context(child)
            _wait(children, secrets_of(plan.setup))
        return folders

    def _provide(
        self, stack: contextlib.ExitStack, setup: Setup, arm: CountingArm, folder: Path
    ) -> dict[str, str]:
        """The environment that a server of the arm would have, its services started and its data prepared."""
        urls = stack.enter_context(providing(setup.services, self._processes))
        place = ServerPlace(folder=arm.tree.folder, interpreter=arm.interpreter, cpus=arm.cpus)
        values = commands.placeholders(folder, arm.interpreter.path, _ADDRESS, urls)
        ready = fill(setup, place, values)
        prepare(ready, self._processes, place, folder / "prepare.log")
        return commands.environment(ready, arm.interpreter, arm.tree.folder)


def _wait(children: Mapping[tuple[str, Path], subprocess.Popen[str]], secrets: Sequence[str]) -> None:
    """Wait until all have ended well. Raises GateError as soon as one has failed, without these secrets."""

    def have_ended() -> bool:
        states = {key: child.poll() for key, child in children.items()}
        for (arm, folder), status in states.items():
            if status or (status == 0 and not (folder / "answer").exists()):
                raise GateError(f"{arm} cannot be measured:\n{_log_tail(folder / 'log', secrets)}")
        return None not in states.values()

    if not wait_until(have_ended, _WITHIN_S, _POLL_S):
        raise GateError(f"measuring was not done within {_WITHIN_S:g} s")


def _log_tail(log: Path, secrets: Sequence[str]) -> str:
    """The errors that one of our programs wrote, or else the last lines; cut only after secrets were masked."""
    lines = tail(log, _MOST_LOG_LINES, secrets).splitlines()
    errors = [line.removeprefix("bench: ") for line in lines if line.startswith("bench: ")]
    return "\n".join(
        f"    {line[:_MOST_SAID]}" for line in errors or lines[-_LOG_LINES:] or ["it ended without an answer"]
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
