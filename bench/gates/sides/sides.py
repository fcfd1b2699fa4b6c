"""Opens the two sides of a comparison: two versions of one repository, or one version in two environments."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import UsageError
from bench.gates.sides.environment import differences, find_environment, install, python_version
from bench.model.plan import Setup
from bench.serve.interpreter import find_interpreter, service_interpreter
from bench.system.home import HOME, is_own
from bench.system.processes import Processes
from bench.system.revisions import Tree, Versions, repository


@dataclass(frozen=True, slots=True, kw_only=True)
class SidesAsked:
    """What the user asks to compare.

    `base` and `head` are refs; without a head it is the working tree. `base_python` and `head_python` name
    interpreters; with one of them the base may be left out, and is the version of the head then. The command `install`
    runs in the folder of either version, whose `.venv` is its environment then. `carry` are untracked files that both
    versions get.
    """

    base: str | None = None
    head: str | None = None
    base_python: str = ""
    head_python: str = ""
    install: str = ""
    carry: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One side: a setup whose folder and interpreter are that side's, and its files."""

    setup: Setup
    tree: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both sides, the root of the user's own files, and notes on what one of them lacks.

    `root` is None where both sides run in the user's own folder.
    """

    base: Side
    head: Side
    root: Path | None = None
    notes: tuple[str, ...] = ()


def as_it_is(setup: Setup) -> Side:
    """A setup in its own folder, else in the harness's for an app of ours and in the current one for any other.

    The root of all such sides is the same, as they need not run different files.
    """
    here = Path.cwd()
    folder = Path(setup.cwd) if setup.cwd else HOME if is_own(setup) else here
    return Side(setup, Tree(folder, setup.name, here))


@contextlib.contextmanager
def open_sides(setup: Setup, asked: SidesAsked, note: Callable[[str], None]) -> Iterator[Sides]:
    """The sides of a comparison under one setup, on disk as long as the block lasts.

    `note` is called with lines of progress. Raises UsageError where a version cannot be had, ServerError where an
    interpreter cannot be had, and GateError where `install` fails.
    """
    two_pythons = bool(asked.base_python or asked.head_python)
    if asked.base is None and not two_pythons:
        raise UsageError(
            "nothing to compare with: give --base REF, or a second setup, or two environments of one version: "
            "--base-python and --head-python"
        )
    here = Path(setup.cwd or Path.cwd())
    if asked.base is None and asked.head is None and not asked.install:
        tree = Tree(here, "this folder", here)
        yield _finish(setup, asked, here, Versions(tree, tree))
        return
    with Processes() as processes, processes.folder() as place:
        source = repository(here)
        opened = source.versions(
            asked.base if asked.base is not None else asked.head,
            asked.head,
            place,
            carry=(*setup.carry, *asked.carry),
            environments=not asked.install,
        )
        with opened as versions:
            for name, tree in (("base", versions.base), ("head", versions.head)) if asked.install else ():
                note(f"{name}: {asked.install}")
                install(asked.install, tree, processes, place)
            yield replace(_finish(setup, asked, here, versions), root=source.root)


def _finish(setup: Setup, asked: SidesAsked, here: Path, versions: Versions) -> Sides:
    """The sides of two versions, each with its interpreter."""
    notes = list(versions.notes)
    pythons = []
    for name, tree, named in (
        ("base", versions.base, asked.base_python),
        ("head", versions.head, asked.head_python),
    ):
        found = find_environment(tree) if asked.install and not named else None
        if asked.install and not named and found is None:
            notes.append(f"In the {name}, {asked.install} made no .venv: it runs in the usual environment.")
        pythons.append(found or _find_python(setup, named, here))
    base, head = (
        Side(replace(setup, python=str(python), cwd=str(tree.folder)), tree)
        for python, tree in zip(pythons, (versions.base, versions.head), strict=True)
    )
    if pythons[0] == pythons[1]:
        return Sides(base=base, head=head, notes=tuple(notes))
    return Sides(base=_titled(base), head=_titled(head), notes=(*notes, *differences(*pythons)))


def _find_python(setup: Setup, named: str, here: Path) -> Path:
    """The interpreter named, from the user's folder on, else that of the setup."""
    if named:
        return find_interpreter(named, Path.cwd()).path
    return service_interpreter(replace(setup, cwd=str(here))).path


def _titled(side: Side) -> Side:
    """The side with its interpreter in its title."""
    python = Path(side.setup.python)
    where = os.path.relpath(python) if python.is_relative_to(Path.cwd()) else str(python)
    if python.is_relative_to(side.tree.root) and side.tree.root != Path.cwd():
        where = f"its own {python.relative_to(side.tree.root)}"
    said = f"{side.tree.said}, Python {python_version(python) or '?'}: {where}"
    return replace(side, tree=replace(side.tree, said=said))
