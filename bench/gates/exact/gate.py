"""Counts one version of an app, or two side by side, and judges the difference."""

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
from bench.gates.exact.counter import InstructionCounter, InstructionCounts
from bench.gates.exact.figures import Figure
from bench.gates.exact.judging import add_reasons, compare, missing_scenarios, pool, without_base
from bench.gates.exact.program import CountingArm, CountingPlan
from bench.gates.sides.sides import Side, Sides
from bench.model.change import Change, Judgement
from bench.serve.interpreter import service_interpreter
from bench.system.home import HOME, is_demo
from bench.system.revisions import Tree

_LUCK = 0.005
"""The noise where luck cannot be counted separately: lookups that miss the cache (up to 2.5 %), and the allocator."""

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


def check_valgrind() -> None:
    """Raise GateError where valgrind is not installed."""
    if missing := [tool for tool in ("valgrind", "vgdb") if shutil.which(tool) is None]:
        raise GateError(
            f"{missing[0]} is not installed, and without it no instruction can be counted; on Debian and Ubuntu: "
            "apt-get install valgrind, on Fedora: dnf install valgrind (Linux only)"
        )


def measure(plan: CountingPlan, tree: Tree) -> Judgement:
    """The figures of one version, without a verdict. Raises GateError, and ServerError without an interpreter."""
    check_valgrind()
    with InstructionCounter() as counter:
        (head,) = counter.count(plan, [_arm("head", Side(plan.setup, tree))])
    _check_complete(head)
    notes = (*_left_out_notes(plan), *_symbol_notes(head))
    return Judgement(f"Instructions per request: {tree.said}", without_base(head.figures), notes)


def judge(plan: CountingPlan, sides: Sides, threshold: float, note: Callable[[str], None]) -> Judgement:
    """Judge what changed between two sides.

    `threshold` is a share; `note` is called with lines of progress. Raises GateError.
    """
    check_valgrind()
    base, head = sides.base.tree, sides.head.tree
    note(f"base: {base.said}; head: {head.said}")
    gone = [] if plan.chosen or sides.root is None else scenarios_only_in_base(plan, base, sides.root)
    base_cpus, head_cpus = _cpus()
    arms = (
        _arm("base", sides.base, base_cpus, () if sides.root is None else (sides.root, head.root)),
        _arm("head", sides.head, head_cpus, () if sides.root is None else (sides.root, base.root)),
    )
    with InstructionCounter() as counter:
        changes, notes = compare_arms(plan, counter, arms, threshold, note)
    title = f"Instructions per request, base: {base.said}; head: {head.said}"
    return Judgement(title, (*changes, *missing_scenarios(gone)), (*notes, *sides.notes))


def _arm(name: str, side: Side, cpus: tuple[int, ...] = (), foreign: tuple[Path, ...] = ()) -> CountingArm:
    return CountingArm(name, side.tree, cpus, foreign, service_interpreter(side.setup))


class Counting(Protocol):
    """Counts instructions and finds reasons for changes, as an InstructionCounter does."""

    def count(
        self, plan: CountingPlan, arms: Sequence[CountingArm], hash_seed: int = 0
    ) -> list[InstructionCounts]: ...

    def reasons(
        self,
        plan: CountingPlan,
        arms: Sequence[CountingArm],
        counts: Sequence[InstructionCounts],
        changes: Sequence[Change],
    ) -> Mapping[str, tuple[str, ...]]: ...


def compare_arms(
    plan: CountingPlan,
    counter: Counting,
    arms: Sequence[CountingArm],
    threshold: float,
    note: Callable[[str], None],
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The changes between two arms, base and head, and notes on them. Raises GateError.

    What seems to have changed is counted again by fresh processes with another hash seed.
    """
    base_counts, head_counts = counts = counter.count(plan, arms)
    _check_complete(head_counts)
    luck = 0.0 if base_counts.counts_lookups or head_counts.counts_lookups else _LUCK
    base: dict[str, Figure | None] = {**base_counts.figures}
    head: dict[str, Figure | None] = {**head_counts.figures}
    changes = compare(base, head, max(threshold, luck), luck)
    if suspects := _changed_scenarios(changes):
        note(f"measuring again: {', '.join(suspects)}")
        base_again, head_again = counter.count(plan.only(suspects), arms, 1)
        base, head = pool(base, base_again.figures), pool(head, head_again.figures)
        changes = compare(base, head, max(threshold, luck), luck)
    if changed := _changed_scenarios(changes):
        note(f"looking for what changed in {', '.join(changed)}")
        changes = add_reasons(changes, counter.reasons(plan.only(changed), arms, counts, changes))
    borrowing = [text for arm, one in zip(arms, counts, strict=True) for text in _borrowing_notes(arm, one)]
    return changes, (
        *_left_out_notes(plan),
        *_missing_notes(base_counts),
        *_symbol_notes(head_counts),
        *borrowing,
    )


def _changed_scenarios(changes: Sequence[Change]) -> tuple[str, ...]:
    names = [one.name.partition(": ")[0] for one in changes if one.verdict in ("regressed", "improved")]
    return tuple(dict.fromkeys(names))


def _check_complete(head: InstructionCounts) -> None:
    """Raise GateError where the head lacks an endpoint."""
    if head.result.missing:
        lacks = "; ".join(f"scenario '{name}': {fault}" for name, fault in head.result.missing.items())
        raise GateError(f"head cannot be measured:\n    {lacks}")


def _left_out_notes(plan: CountingPlan) -> tuple[str, ...]:
    names = ", ".join(plan.left_out)
    return (
        (f"Left out, as a session takes very many instructions: {names}; --scenario counts them.",)
        if names
        else ()
    )


def _missing_notes(base: InstructionCounts) -> tuple[str, ...]:
    return tuple(f"Missing in base, scenario {name}: {fault}." for name, fault in base.result.missing.items())


def _symbol_notes(counts: InstructionCounts) -> tuple[str, ...]:
    if counts.counts_lookups:
        return ()
    return (
        "This Python was built without symbols, so what depends on where things lie in memory cannot be told apart: "
        f"noise counts as at least {_LUCK:.1%}.",
    )


def _borrowing_notes(arm: CountingArm, counts: InstructionCounts) -> tuple[str, ...]:
    """A note on modules that a version took from the working tree, as its own has none of that name."""
    names = counts.result.borrowed
    if not names:
        return ()
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return (f"The {arm.name} imports {shown} from the working tree, as its own tree has no such file.",)


def scenarios_only_in_base(plan: CountingPlan, base: Tree, root: Path) -> list[str]:
    """Names of scenarios in the base's own table that the head's table lacks; none of a base without such a table.

    `root` is the root of the user's files, of which the base has its own versions. Raises GateError where the base's
    table cannot be read.
    """
    file = plan.scenarios_file and plan.scenarios_file.resolve()
    if file is None:  # those of the harness, whose own repository alone has versions of them
        ours = is_demo(plan.setup) and (base.folder / "scenarios" / "__init__.py").exists()
        names = _names(base.folder, None) if ours else []
    elif file.is_relative_to(root.resolve()) and (base.root / file.relative_to(root.resolve())).exists():
        names = _names(base.folder, base.root / file.relative_to(root.resolve()))
    else:
        names = []
    return [name for name in names if name not in (*plan.scenarios, *plan.left_out)]


def _names(folder: Path, file: Path | None) -> list[str]:
    """The names in a table of scenarios, read by another process: its modules have the same names as the head's."""
    house = folder if file is None else HOME
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


def _cpus() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A CPU for each of two arms, or none chosen where they must share one."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return ((allowed[0],), (allowed[1],)) if len(allowed) > 1 else ((), ())
