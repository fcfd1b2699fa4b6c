"""Measures one version of an app, or two side by side, and judges the difference."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from bench.errors import GateError
from bench.gates.exact.comparison import alone, compare, dropped, explained, pooled
from bench.gates.exact.figures import Figure
from bench.gates.exact.place import HOUSE, Measured, Place, Side, Subject
from bench.model.change import Change, Judgement
from bench.system.revisions import Repository, Tree

_LUCK = 0.005
"""The noise where luck cannot be told apart: lookups made anew, up to 2.5 % at worst, and what the allocator takes."""

_SHOWN = 5
_NAMES = """
import contextlib, json, pathlib, sys
with contextlib.redirect_stdout(sys.stderr):
    if len(sys.argv) > 1:
        from scenarios.files import own
        names = own(pathlib.Path(sys.argv[1]))
    else:
        from scenarios import SCENARIOS as names
print(json.dumps(list(names)))
"""

Tell = Callable[[str], None]


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
    with Place() as place:
        (head,) = place.measured(subject, [Side("head", tree)])
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
    with Place() as place:
        versions = place.enter_context(source.versions(base, head, place.folder))
        old, new = versions.base, versions.head
        tell(f"base: {old.said}; head: {new.said}")
        gone = [] if subject.chosen else missed(subject, old, source.root)
        sides = [
            Side(name, tree, cpus, (source.root, other.root))
            for name, tree, other, cpus in zip(("base", "head"), (old, new), (new, old), _cpus(), strict=True)
        ]
        changes, notes = judged(subject, place, sides, threshold, tell)
        title = f"Instructions per request, base: {old.said}; head: {new.said}"
        return Judgement(title, (*changes, *dropped(gone)), (*notes, *versions.notes))


class Counting(Protocol):
    """Counts instructions, and says why they changed: a Place."""

    def measured(self, subject: Subject, sides: Sequence[Side], hashes: int = 0) -> list[Measured]: ...

    def reasons(
        self, subject: Subject, sides: Sequence[Side], found: Sequence[Measured], changes: Sequence[Change]
    ) -> Mapping[str, tuple[str, ...]]: ...


def judged(
    subject: Subject, place: Counting, sides: Sequence[Side], threshold: float, tell: Tell
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The changes between two sides, and notes. What seems to have changed is measured twice. Raises GateError."""
    mine, its = place.measured(subject, sides)
    _demand(its)
    luck = 0.0 if mine.counts_lookups or its.counts_lookups else _LUCK
    base: dict[str, Figure | None] = {**mine.figures}
    head: dict[str, Figure | None] = {**its.figures}
    changes = compare(base, head, max(threshold, luck), luck)
    if again := _changed(changes):
        tell(f"measuring again: {', '.join(again)}")
        second = place.measured(subject.only(again), sides, 1)
        base, head = pooled(base, second[0].figures), pooled(head, second[1].figures)
        changes = compare(base, head, max(threshold, luck), luck)
    if named := _changed(changes):
        tell(f"looking for what changed in {', '.join(named)}")
        changes = explained(changes, place.reasons(subject.only(named), sides, (mine, its), changes))
    borrowed = [note for side, one in zip(sides, (mine, its), strict=True) for note in _borrowed(side, one)]
    return changes, (*_unnamed(subject), *_missing(mine), *_notes(its), *borrowed)


def _changed(changes: Sequence[Change]) -> tuple[str, ...]:
    """The scenarios of what seems to have changed."""
    names = [one.name.partition(": ")[0] for one in changes if one.verdict in ("regressed", "improved")]
    return tuple(dict.fromkeys(names))


def _demand(head: Measured) -> None:
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


def _missing(base: Measured) -> tuple[str, ...]:
    return tuple(f"Missing in base, scenario {name}: {said}." for name, said in base.answer.missing.items())


def _notes(found: Measured) -> tuple[str, ...]:
    if found.counts_lookups:
        return ()
    return (
        "This Python was built without symbols, so what depends on where things lie in memory cannot be told apart: "
        f"noise counts as at least {_LUCK:.1%}.",
    )


def _borrowed(side: Side, found: Measured) -> tuple[str, ...]:
    """A note on modules that a version took from elsewhere, as it has none of the name."""
    names = found.answer.borrowed
    if not names:
        return ()
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return (f"The {side.name} imports {shown} from the working tree, as its own tree has no such file.",)


def missed(subject: Subject, base: Tree, root: Path) -> list[str]:
    """Scenarios that the base's own table has and the head's has not; a base without such a table has none.

    `root` is where the user has the files of which the base has others.
    """
    file = subject.scenarios_file and subject.scenarios_file.resolve()
    if file is None:
        names = _names(base.folder, None) if (base.folder / "scenarios" / "__init__.py").exists() else []
    elif file.is_relative_to(root.resolve()) and (base.root / file.relative_to(root.resolve())).exists():
        names = _names(base.folder, base.root / file.relative_to(root.resolve()))
    else:
        names = []
    return [name for name in names if name not in (*subject.scenarios, *subject.left_out)]


def _names(folder: Path, file: Path | None) -> list[str]:
    """The names in a table of scenarios, which is not imported here: its modules are called like those of the head."""
    house = folder if file is None else HOUSE
    path = os.pathsep.join(filter(None, [str(house), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-c", _NAMES, *([] if file is None else [str(file)])]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
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
