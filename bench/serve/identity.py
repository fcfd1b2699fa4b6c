"""The services that setups run: name, commit, interpreter and packages, each asked of the service itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.errors import BenchError, ServerError
from bench.model.plan import Setup
from bench.model.service import GitFacts, ServiceFacts
from bench.plan.source import source_name
from bench.serve.interpreter import service_interpreter
from bench.serve.interpreter_facts import InterpreterFacts, ask
from bench.system import git
from bench.system.home import HOME, is_own

_PYTHONS = ("python", "python3", "{python}")
_INSTALLED = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class _Program:
    """A program to ask: the folder it runs in, the folders it imports from, its top module, and its interpreter.

    `top` is empty where it is not known, `python` is None where the program is not written in Python.
    """

    folder: Path
    imports: tuple[Path, ...]
    top: str
    python: Path | None


def identify(setups: Iterable[Setup], name: str = "") -> list[dict[str, object]]:
    """The services that these setups run, as `run.json` has them, each once with the names of its setups.

    `name` is that of the service where its configuration gives one. An app that the harness brings is left out. A
    server that runs already is known by its address alone. Starts each interpreter once; what it does not answer
    stays unknown.
    """
    known: dict[_Program, ServiceFacts] = {}
    found: dict[str, ServiceFacts] = {}
    for setup in setups:
        facts = _facts(setup, name, known)
        if facts is not None:
            key = repr(facts)
            found[key] = replace(facts, setups=(*found.get(key, facts).setups, setup.name))
    return [asdict(one) for one in found.values()]


def _facts(setup: Setup, name: str, known: dict[_Program, ServiceFacts]) -> ServiceFacts | None:
    """The service of a setup, added to those that are known; None for an app that the harness brings."""
    if setup.server == "running":  # its source may be anywhere, and the current folder is as good as any
        return ServiceFacts(name=setup.address)
    program = _program(setup)
    if program is not None and program not in known:
        known[program] = _look(program, "" if is_own(setup) else name)
    return None if program is None else known[program]


def _program(setup: Setup) -> _Program | None:
    """None for what the harness brings itself, unless an interpreter was asked for."""
    if (is_own(setup) and not setup.python) or any("{bench}" in word for word in setup.command):
        return None
    folder = Path(setup.cwd or (HOME if is_own(setup) else Path.cwd())).absolute()
    imports = (folder / setup.app_dir, *_imports(setup, folder))
    if setup.server == "command":
        return _Program(folder, imports, "", _python_of(setup, folder))
    top = setup.app.partition(":")[0].partition(".")[0]
    return _Program(folder, imports, top, _find(setup))


def _imports(setup: Setup, folder: Path) -> Iterator[Path]:
    listed = setup.env.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    yield from (folder / one for one in listed.split(os.pathsep) if one)


def _find(setup: Setup) -> Path | None:
    """None where there is none: the start of the server says why."""
    try:
        return service_interpreter(setup).path
    except BenchError:
        return None


def _python_of(setup: Setup, folder: Path) -> Path | None:
    """The interpreter of a command: of `python`, and of a program next to one, such as `.venv/bin/uvicorn`."""
    program = setup.command[0]
    if program in _PYTHONS:
        return _find(setup)
    sibling = (folder / program).with_name("python")
    return sibling if os.sep in program and sibling.exists() else None


def _look(program: _Program, name: str) -> ServiceFacts:
    answer = _ask(program)
    place = _source(answer) or (program.imports[0] if program.top else program.folder)
    state = git.state(place) if place.is_dir() else None
    return ServiceFacts(
        name=name or source_name(place, program.folder),
        git=GitFacts(str(state["commit"]), bool(state["dirty"])) if state else None,
        python=answer.title if answer else None,
        packages=answer.packages if answer else {},
    )


def _ask(program: _Program) -> InterpreterFacts | None:
    """None where it is not known who could be asked, or where it does not answer."""
    if program.python is None:
        return None
    try:
        return ask(program.python, (), program.imports, program.top)
    except ServerError:
        return None


def _source(answer: InterpreterFacts | None) -> Path | None:
    """The folder of the program's module, unless it is installed."""
    places = () if answer is None else answer.places
    return next((one for one in places if not _INSTALLED.intersection(one.parts)), None)
