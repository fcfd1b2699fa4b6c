"""The Python that a service runs in: the one that its setup names, or that a developer's tools would take."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.errors import ServerError
from bench.model.plan import Setup
from bench.plan.setup_rules import absolute_path, is_path
from bench.serve.interpreter_facts import ask
from bench.system.home import is_own

_VERSION = re.compile(r"(?:python)?(?P<version>[23]\.\d+(?:\.\d+)?)(?P<free_threaded>t?)")
_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python by its path, and in a few words why it is this one."""

    path: Path
    source: str

    @property
    def programs(self) -> Path | None:
        """The folder of the programs that are installed with it; None where it is no virtual environment."""
        folder = self.path.parent
        return folder if (folder.parent / "pyvenv.cfg").is_file() else None


OWN = Interpreter(Path(sys.executable), "the harness's own")


def service_interpreter(setup: Setup) -> Interpreter:
    """The Python that a setup runs in; an app of the harness runs in the harness's own unless the setup names one.

    Raises ServerError where the one that is named cannot be had.
    """
    if is_own(setup) and not setup.python:
        return OWN
    return find_interpreter(setup.python, Path(setup.cwd or Path.cwd()))


def find_interpreter(python: str, folder: Path) -> Interpreter:
    """The Python of a service in a folder: the one named, else $VIRTUAL_ENV, else `.venv` there, else the harness's.

    `python` is a path from that folder on, the name of a program, or a version such as "3.13". Raises ServerError
    where the one that is named cannot be had.
    """
    if python:
        return _named(python, folder)
    for environment, source in _environments(folder):
        if (path := _python_of(environment)) is not None:
            return Interpreter(path, source)
    return OWN


def describe_interpreters(setups: Iterable[Setup]) -> Iterator[str]:
    """A line for each Python in which some of these setups run; none for the harness's own, nor where there is none."""
    names: dict[Interpreter, list[str]] = {}
    for setup in setups:
        if setup.server not in ("command", "running"):
            with contextlib.suppress(ServerError):  # the setup says so itself when it is started
                names.setdefault(service_interpreter(setup), []).append(setup.name)
    for interpreter, of_it in names.items():
        if interpreter != OWN:
            yield f"{', '.join(of_it)}: Python {interpreter.path} ({interpreter.source})"


def _environments(folder: Path) -> Iterator[tuple[Path, str]]:
    if active := os.environ.get("VIRTUAL_ENV"):
        yield Path(active), "$VIRTUAL_ENV"
    yield folder.absolute() / ".venv", ".venv of the folder"


def _python_of(environment: Path) -> Path | None:
    """The interpreter of a virtual environment, by the link that makes it this environment's."""
    path = environment / "bin" / "python"
    return path if os.access(path, os.X_OK) else None


def _named(python: str, folder: Path) -> Interpreter:
    source = f'python = "{python}"'
    if version := _VERSION.fullmatch(python):
        return Interpreter(_of_version(version["version"], version["free_threaded"], folder), source)
    if not is_path(python):
        if found := shutil.which(python):
            return Interpreter(Path(found), source)
        raise ServerError(
            f'python = "{python}": there is no such program on PATH; give the path of an interpreter, such as '
            '".venv/bin/python", or a version, such as "3.13"'
        )
    path = Path(absolute_path(python, folder))
    path = (path.is_dir() and _python_of(path)) or path
    if path.is_dir() or not os.access(path, os.X_OK):
        place = path if path.is_dir() else path.parent.parent
        raise ServerError(
            f'python = "{python}": {path} is no interpreter; make one there with `python -m venv {place}`, or name '
            "another"
        )
    return Interpreter(path, source)


def _of_version(version: str, free_threaded: str, folder: Path) -> Path:
    """An interpreter of this version: of an environment, on PATH, or as uv and pyenv keep them."""
    for path in _candidates(version + free_threaded, folder):
        try:
            facts = ask(path)
        except ServerError:  # a shim of pyenv for a version that is not switched on
            continue
        if facts.free_threaded == bool(free_threaded) and f"{facts.version}.".startswith(f"{version}."):
            return path if (path.parent.parent / "pyvenv.cfg").is_file() else facts.executable
    raise ServerError(
        f'python = "{version}{free_threaded}": no such Python was found in $VIRTUAL_ENV, in .venv, on PATH, by uv or '
        f"by pyenv; install one (`uv python install {version}{free_threaded}`), or give the path of an interpreter"
    )


def _candidates(version: str, folder: Path) -> Iterator[Path]:
    for environment, _ in _environments(folder):
        if (path := _python_of(environment)) is not None:
            yield path
    if found := shutil.which(f"python{version}"):
        yield Path(found)
    if (uv := shutil.which("uv")) and (found := _output(uv, "python", "find", "--offline", version)):
        yield Path(found)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(root.glob(f"versions/{version}*/bin/python"), reverse=True)


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
