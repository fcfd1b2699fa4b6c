"""Measures one version of an app, or two side by side, and judges the difference."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from bench.errors import GateError
from bench.exact import callgrind, reasons
from bench.exact.comparison import alone, compare, dropped, explained, pooled
from bench.exact.figures import MISS, Figure
from bench.exact.job import Answer, Job, read_answer
from bench.model import Setup
from bench.probe import PROBE_DIR
from bench.processes import Processes
from bench.trees import Repository, Tree
from bench.verdict import Change, Judgement
from scenarios.files import own

_WITHIN_S = 900.0
_POLL_S = 0.05
_LOG_LINES = 12
_LUCK = 0.005
"""The noise where lookups made anew cannot be told apart; measured on database endpoints, up to 2.5 % at worst."""

_HOUSE = Path(__file__).parents[2]
_VALGRIND = (
    *("valgrind", "--tool=callgrind", "--instr-atstart=no", "--fair-sched=yes", "--dump-before=getppid"),
    *("--compress-strings=no", "--compress-pos=no", "--dump-line=no"),
)
_OURS = "import json; from scenarios import SCENARIOS; print(json.dumps(list(SCENARIOS)))"

Tell = Callable[[str], None]


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


@dataclass(frozen=True, slots=True)
class _Side:
    """One version, under the name base or head, and the CPUs that it runs on."""

    name: str
    tree: Tree
    cpus: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Measured:
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


def check_valgrind() -> None:
    """Raise GateError where valgrind is not installed."""
    if missing := [tool for tool in ("valgrind", "vgdb") if shutil.which(tool) is None]:
        raise GateError(
            f"{missing[0]} is not installed, and without it no instruction can be counted; on Debian and Ubuntu: "
            "apt-get install valgrind, on Fedora: dnf install valgrind (Linux only)"
        )


def measure(subject: Subject, tree: Tree) -> Judgement:
    """The figures of one version. Raises GateError."""
    check_valgrind()
    with _Place() as place:
        (head,) = place.measured(subject, [_Side("head", tree, ())])
    _demand(head)
    notes = (*_unnamed(subject), *_notes(head))
    return Judgement(f"Instructions per request: {tree.said}", alone(head.figures), notes)


def judge(
    subject: Subject, source: Repository, base: str, head: str | None, threshold: float, tell: Tell
) -> Judgement:
    """What changed from one version to another; without a head, to the working tree.

    `threshold` is a share. What seems to have changed is measured again by fresh processes with other hashes before
    it is said. Raises GateError, and UsageError where a version cannot be had.
    """
    check_valgrind()
    with _Place() as place:
        old = place.enter(source.checked_out(base, place.folder / "base"))
        new = (
            place.enter(source.checked_out(head, place.folder / "head"))
            if head
            else source.working_tree(place.folder / "head")
        )
        tell(f"base: {old.said}; head: {new.said}")
        sides = [
            _Side(name, tree, cpus)
            for name, tree, cpus in zip(("base", "head"), (old, new), _cpus(), strict=True)
        ]
        return _judged(subject, place, sides, threshold, tell)


def _judged(
    subject: Subject, place: _Place, sides: Sequence[_Side], threshold: float, tell: Tell
) -> Judgement:
    mine, its = place.measured(subject, sides)
    _demand(its)
    mine, its = _evened(subject, place, sides, mine, its)
    luck = 0.0 if mine.counts_lookups or its.counts_lookups else _LUCK
    base: dict[str, Figure | None] = {**mine.figures}
    head: dict[str, Figure | None] = {**its.figures}
    changes = compare(base, head, max(threshold, luck), luck)
    if again := _changed(changes):
        tell(f"measuring again: {', '.join(again)}")
        second = place.measured(_only(subject, again), sides, 1, mine.answer.sessions)
        base, head = pooled(base, second[0].figures), pooled(head, second[1].figures)
        changes = compare(base, head, max(threshold, luck), luck)
    if named := _changed(changes):
        tell(f"looking for what changed in {', '.join(named)}")
        changes = explained(changes, place.reasons(_only(subject, named), sides, (mine, its), changes))
    gone = [] if subject.chosen else _gone(subject, sides[0].tree, Path.cwd())
    title = f"Instructions per request, base: {sides[0].tree.said}; head: {sides[1].tree.said}"
    return Judgement(title, (*changes, *dropped(gone)), (*_unnamed(subject), *_missing(mine), *_notes(its)))


def _evened(
    subject: Subject, place: _Place, sides: Sequence[_Side], mine: _Measured, its: _Measured
) -> tuple[_Measured, _Measured]:
    """Both with blocks of as many sessions: what a block costs beside its requests is shared by as many then."""
    there = mine.answer.sessions
    uneven = tuple(name for name, count in its.answer.sessions.items() if there.get(name, count) != count)
    if not uneven:
        return mine, its
    base, head = place.measured(_only(subject, uneven), sides, sessions=there)
    return replace(mine, figures={**mine.figures, **base.figures}), replace(
        its, figures={**its.figures, **head.figures}
    )


class _Place(contextlib.ExitStack):
    """A temporary folder and the processes that measure in it; all is gone at the end."""

    def __enter__(self) -> _Place:
        super().__enter__()
        self.folder = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="fastapi-bench-")))
        self._processes = self.enter_context(Processes())
        self._round = 0
        return self

    def enter(self, tree: contextlib.AbstractContextManager[Tree]) -> Tree:
        return self.enter_context(tree)

    def measured(
        self,
        subject: Subject,
        sides: Sequence[_Side],
        hashes: int = 0,
        sessions: Mapping[str, int] = MappingProxyType({}),
    ) -> list[_Measured]:
        """Count the instructions of the sides, at the same time, in blocks of so many sessions where that is given."""
        folders = self._run("measured", subject, sides, hashes, sessions)
        return [_read(folder, side.name) for folder, side in zip(folders, sides, strict=True)]

    def reasons(
        self, subject: Subject, sides: Sequence[_Side], found: Sequence[_Measured], changes: Sequence[Change]
    ) -> dict[str, tuple[str, ...]]:
        """By name of a change, the functions and libraries that make it."""
        folders = self._run("traced", subject, sides, 0, {})
        base, head = (
            {
                _full(name, label, labels): counts
                for name, labels in said.items()
                for label, counts in labels.items()
            }
            for said in (json.loads((folder / "answer").read_text()) for folder in folders)
        )
        return {
            one.name: (
                *reasons.functions(base.get(one.name, {}), head.get(one.name, {})),
                *reasons.libraries(*(side.libraries(one.name) for side in found)),
            )
            for one in changes
            if one.verdict in ("regressed", "improved")
        }

    def _run(
        self,
        program: str,
        subject: Subject,
        sides: Sequence[_Side],
        hashes: int,
        sessions: Mapping[str, int],
    ) -> list[Path]:
        self._round += 1
        folders = []
        with contextlib.ExitStack() as stack:
            children = {}
            for side in sides:
                folder = self.folder / f"{side.name}-{self._round}"
                folder.mkdir()
                folders.append(folder)
                command = _command(program, subject, side, folder, sessions, own=len(sides) > 1)
                env = _environment(subject.setup, folder, hashes)
                child = self._processes.running(command, log=folder / "log", cpus=side.cpus, env=env)
                children[side.name, folder] = stack.enter_context(child)
            _wait(children)
        return folders


def _command(
    program: str, subject: Subject, side: _Side, folder: Path, sessions: Mapping[str, int], *, own: bool
) -> list[str]:
    setup = subject.setup
    Job(
        side.tree.folder, setup.app, setup.loop, subject.scenarios, subject.scenarios_file,
        folder / "answer", folder / "part", dict(sessions), own,
    ).write(folder / "job")  # fmt: skip
    python = [sys.executable, "-P", "-m", f"bench.exact.{program}", str(folder / "job")]
    if program != "measured":
        return python
    return [
        *_VALGRIND,
        f"--callgrind-out-file={folder / 'part'}",
        f"--log-file={folder / 'valgrind'}",
        *python,
    ]


def _environment(setup: Setup, folder: Path, hashes: int) -> dict[str, str]:
    """The user's, the setup's, and what makes two runs alike; no bytecode is written into anybody's tree.

    The app's probe goes by the clock, so what it takes would fall on any request: there is none.
    """
    given = {key: value.replace("{tmp}", str(folder)) for key, value in setup.env.items()}
    path = os.pathsep.join(filter(None, [str(_HOUSE), os.environ.get("PYTHONPATH")]))
    ours = {"PYTHONPATH": path, "PYTHONHASHSEED": str(hashes), "PYTHONDONTWRITEBYTECODE": "1"}
    return {key: value for key, value in {**os.environ, **given, **ours}.items() if key != PROBE_DIR}


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


def _read(folder: Path, side: str) -> _Measured:
    answer = read_answer(folder / "answer")
    if (folder / f"part.{answer.marks + 1}").exists():
        raise GateError(f"{side}: the app itself calls getppid(), which marks where our batches begin")
    counted = {
        name: [(_counted((folder / part).read_text()), requests) for part, requests in batches]
        for name, batches in _labelled(answer)
    }
    first = folder / "part.1"  # the program makes one such lookup before its first mark
    seen = first.exists() and MISS in first.read_text()
    return _Measured(answer, {name: _figure(parts) for name, parts in counted.items()}, folder, seen)


def _counted(part: str) -> tuple[int, int]:
    """The instructions of a part without lookups made anew, and the number of those lookups."""
    lookups, cost = callgrind.inside(part, MISS)
    return callgrind.total(part) - cost, lookups


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


def _changed(changes: Sequence[Change]) -> tuple[str, ...]:
    """The scenarios of what seems to have changed."""
    names = [one.name.partition(": ")[0] for one in changes if one.verdict in ("regressed", "improved")]
    return tuple(dict.fromkeys(names))


def _only(subject: Subject, scenarios: tuple[str, ...]) -> Subject:
    return Subject(subject.setup, scenarios, subject.scenarios_file, subject.chosen)


def _demand(head: _Measured) -> None:
    if head.answer.missing:
        said = "; ".join(f"scenario '{name}': {what}" for name, what in head.answer.missing.items())
        raise GateError(f"head cannot be measured:\n    {said}")


def _unnamed(subject: Subject) -> tuple[str, ...]:
    names = ", ".join(subject.left_out)
    return (
        (f"Left out, as a session takes very many instructions: {names}; --scenario counts them.",)
        if names
        else ()
    )


def _missing(base: _Measured) -> tuple[str, ...]:
    return tuple(f"Missing in base, scenario {name}: {said}." for name, said in base.answer.missing.items())


def _notes(found: _Measured) -> tuple[str, ...]:
    if found.counts_lookups:
        return ()
    return (
        "This Python was built without symbols, so what depends on where things lie in memory cannot be told apart: "
        f"noise counts as at least {_LUCK:.1%}.",
    )


def _gone(subject: Subject, base: Tree, here: Path) -> list[str]:
    """Scenarios that the base's own table has and the head's has not; a base without such a table has none."""
    file = subject.scenarios_file
    if file is None:
        names = _names_of_ours(base.folder)
    elif file.is_relative_to(here) and (base.folder / file.relative_to(here)).exists():
        names = list(own(base.folder / file.relative_to(here)))
    else:
        names = []
    return [name for name in names if name not in (*subject.scenarios, *subject.left_out)]


def _names_of_ours(folder: Path) -> list[str]:
    if not (folder / "scenarios" / "__init__.py").exists():
        return []
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-c", _OURS]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it ended"])[-1]
        raise GateError(
            f"which scenarios the base had cannot be read: {last}; name those to be judged with --scenario"
        )
    names: list[str] = json.loads(done.stdout)
    return names


def _cpus() -> list[tuple[int, ...]]:
    """A CPU for each of two versions, or none chosen where they must share one."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return [(allowed[0],), (allowed[1],)] if len(allowed) > 1 else [(), ()]
