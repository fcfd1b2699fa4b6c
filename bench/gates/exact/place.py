"""Where versions are measured: a folder, the processes that count in it, and what their files say."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from bench.errors import GateError
from bench.gates.exact import callgrind, reasons
from bench.gates.exact.figures import MISS, Figure, counted
from bench.gates.exact.job import Answer, Job, read_answer
from bench.model.change import Change
from bench.model.plan import Setup
from bench.observe.telemetry import TELEMETRY_DIR
from bench.system.processes import Processes
from bench.system.revisions import Tree

_WITHIN_S = 900.0
_POLL_S = 0.05
_LOG_LINES = 12

_APP_DIR = "--app-dir"
HOUSE = Path(__file__).parents[3]
"""Where the harness is imported from."""

_VALGRIND = (
    *("valgrind", "--tool=callgrind", "--instr-atstart=no", "--fair-sched=yes", "--dump-before=getppid"),
    "--zero-before=*sched_get_priority_max",
    *("--compress-strings=no", "--compress-pos=no", "--dump-line=no"),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: an app as a setup names it, with that setup's environment and loop, under scenarios."""

    setup: Setup
    scenarios: tuple[str, ...]
    scenarios_file: Path | None = None
    chosen: bool = False
    """Whether the user named the scenarios; else those that only the base has are missed."""
    left_out: tuple[str, ...] = ()
    """Those that would be measured if they were not costly."""

    def only(self, scenarios: tuple[str, ...]) -> Subject:
        """The same under some of its scenarios."""
        return replace(self, scenarios=scenarios)


@dataclass(frozen=True, slots=True)
class Side:
    """One version, under the name base or head, the CPUs that it runs on, and the roots of the files of others."""

    name: str
    tree: Tree
    cpus: tuple[int, ...] = ()
    foreign: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """What was counted in one version: the answer, the figures, and the folder of its part files."""

    answer: Answer
    figures: dict[str, Figure]
    folder: Path
    counts_lookups: bool

    def libraries(self, name: str) -> Mapping[str, float]:
        """Instructions per request by program or library."""
        batches = dict(_labelled(self.answer))[name]
        requests = sum(count for _, count in batches)
        spent = sum(
            (callgrind.by_object((self.folder / part).read_text()) for part, _ in batches), start=_NOTHING
        )
        return {place: count / requests for place, count in spent.items()}


_NOTHING = callgrind.by_object("")


class Place(contextlib.ExitStack):
    """A temporary folder and the processes that measure in it; all is gone at the end."""

    def __enter__(self) -> Place:
        super().__enter__()
        self._processes = self.enter_context(Processes())
        self.folder = self.enter_context(self._processes.folder())
        self._round = 0
        return self

    def measured(self, subject: Subject, sides: Sequence[Side], hashes: int = 0) -> list[Measured]:
        """Count the instructions of the sides, at the same time."""
        folders = self._run("measured", subject, sides, hashes)
        return [_read(folder, side.name) for folder, side in zip(folders, sides, strict=True)]

    def reasons(
        self, subject: Subject, sides: Sequence[Side], found: Sequence[Measured], changes: Sequence[Change]
    ) -> dict[str, tuple[str, ...]]:
        """By name of a change, the functions and libraries that make it."""
        folders, nothing = self._run("traced", subject, sides, 0), reasons.Functions({}, {})
        base, head = (
            {
                _full(name, label, labels): reasons.Functions(**counts)
                for name, labels in said.items()
                for label, counts in labels.items()
            }
            for said in (json.loads((folder / "answer").read_text()) for folder in folders)
        )
        return {
            one.name: (
                *reasons.functions(base.get(one.name, nothing), head.get(one.name, nothing)),
                *reasons.libraries(*(side.libraries(one.name) for side in found)),
            )
            for one in changes
            if one.verdict in ("regressed", "improved")
        }

    def _run(self, program: str, subject: Subject, sides: Sequence[Side], hashes: int) -> list[Path]:
        self._round += 1
        app, agreed = subject.setup, self.folder / f"sessions-{self._round}"
        folders = []
        with contextlib.ExitStack() as stack:
            children = {}
            for side in sides:
                folder = self.folder / f"{side.name}-{self._round}"
                folder.mkdir()
                folders.append(folder)
                job = Job(
                    side.tree.folder,
                    side.tree.root,
                    Path.cwd(),
                    _imports(app, side.tree.folder),
                    side.foreign,
                    app.app,
                    app.loop,
                    subject.scenarios,
                    subject.scenarios_file,
                    answer=folder / "answer",
                    parts=folder / "part",
                    agreed=agreed,
                    leads=side is sides[0],
                )
                job.write(folder / "job")
                command = _command(program, folder)
                env = _environment(subject.setup, folder, hashes)
                child = self._processes.running(
                    command, log=folder / "log", cpus=side.cpus, env=env, cwd=side.tree.folder
                )
                children[side.name, folder] = stack.enter_context(child)
            _wait(children)
        return folders


def _command(program: str, folder: Path) -> list[str]:
    python = [sys.executable, "-P", "-m", f"bench.gates.exact.{program}", str(folder / "job")]
    if program != "measured":
        return python
    return [
        *_VALGRIND,
        f"--callgrind-out-file={folder / 'part'}",
        f"--log-file={folder / 'valgrind'}",
        *python,
    ]


def _imports(setup: Setup, tree: Path) -> tuple[Path, ...]:
    """Where a server would look for the app first: in the folders of `--app-dir`, then in its own."""
    words = [word for given in setup.args for word in given.split("=", 1)]
    given = [folder for option, folder in pairwise(words) if option == _APP_DIR]
    return (*(tree / folder for folder in given), tree)


def _environment(setup: Setup, folder: Path, hashes: int) -> dict[str, str]:
    """The user's, the setup's, and what makes two runs alike; no bytecode is written into anybody's tree.

    The app's probe goes by the clock, so what it takes would fall on any request: there is none.
    """
    given = {key: value.replace("{tmp}", str(folder)) for key, value in setup.env.items()}
    path = os.pathsep.join(filter(None, [str(HOUSE), given.get("PYTHONPATH", os.environ.get("PYTHONPATH"))]))
    ours = {"PYTHONPATH": path, "PYTHONHASHSEED": str(hashes), "PYTHONDONTWRITEBYTECODE": "1"}
    return {key: value for key, value in {**os.environ, **given, **ours}.items() if key != TELEMETRY_DIR}


def _wait(children: Mapping[tuple[str, Path], subprocess.Popen[str]]) -> None:
    """Until all have ended well. Raises GateError as soon as one has not."""
    deadline_s = time.monotonic() + _WITHIN_S
    while True:
        states = {key: child.poll() for key, child in children.items()}
        for (side, folder), status in states.items():
            if status or (status == 0 and not (folder / "answer").exists()):
                raise GateError(f"{side} cannot be measured:\n{_tail(folder / 'log')}")
        if None not in states.values():
            return
        if time.monotonic() > deadline_s:
            raise GateError(f"measuring was not done within {_WITHIN_S:g} s")
        time.sleep(_POLL_S)


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    said = [line.removeprefix("bench: ") for line in lines if line.startswith("bench: ")]
    return "\n".join(f"    {line}" for line in said or lines[-_LOG_LINES:] or ["it ended without an answer"])


def _read(folder: Path, side: str) -> Measured:
    answer = read_answer(folder / "answer")
    if (folder / f"part.{answer.parts + 1}").exists():
        raise GateError(f"{side}: the app itself calls getppid(), which marks where our batches end")
    found = {
        name: [(counted((folder / part).read_text()), requests) for part, requests in batches]
        for name, batches in _labelled(answer)
    }
    seen = MISS in (folder / "part.1").read_text()  # the program makes one such lookup before its first mark
    return Measured(answer, {name: _figure(parts) for name, parts in found.items()}, folder, seen)


def _figure(parts: Sequence[tuple[tuple[int, int], int]]) -> Figure:
    blocks = tuple(instructions / requests for (instructions, _), requests in parts)
    lookups = sum(lookups for (_, lookups), _ in parts) / sum(requests for _, requests in parts)
    return Figure(blocks, lookups)


def _labelled(answer: Answer) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    for name, batches in answer.batches.items():
        for label, parts in (batches or {}).items():
            yield _full(name, label, batches or {}), parts


def _full(scenario: str, label: str, labels: Mapping[str, object]) -> str:
    """`noop-async`, or `items-crud: GET /items/{id}` where a scenario makes several kinds of requests."""
    return scenario if len(labels) == 1 else f"{scenario}: {label}"
