"""The environment of a side: a command that installs it into a version's folder, and what two of them differ in."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.errors import GateError, ServerError, UsageError
from bench.model.service import normalize
from bench.serve.interpreter_facts import ask
from bench.system.logs import quote
from bench.system.processes import Processes
from bench.system.revisions import Tree

_WITHIN_S = 1800.0
_SHOWN = 8

_ELSEWHERE = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "CONDA_PREFIX")
"""Variables that would send an installer to an environment that both sides share."""
_IN_FOLDER = {
    "POETRY_VIRTUALENVS_IN_PROJECT": "true",
    "PIPENV_VENV_IN_PROJECT": "1",
    "PIPENV_IGNORE_VIRTUALENVS": "1",
}


def install(command: str, tree: Tree, processes: Processes, folder: Path) -> None:
    """Run a command in a version's folder, its output in a log in `folder`.

    Raises UsageError where it cannot be started, and GateError, with the end of its output, where it fails.
    """
    words = _split(command)
    log = folder / "install.log"
    env = {key: value for key, value in os.environ.items() if key not in _ELSEWHERE} | _IN_FOLDER
    try:
        with processes.running(words, log=log, env=env, cwd=tree.folder) as child:
            status = child.wait(_WITHIN_S)
    except OSError as error:
        raise UsageError(f"--install: {words[0]} cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise GateError(_failure(command, tree, f"was not done within {_WITHIN_S:g} s", log)) from None
    if status:
        raise GateError(_failure(command, tree, f"ended with status {status}", log))


def find_environment(tree: Tree) -> Path | None:
    """The interpreter of the `.venv` in a version's folder, or in one above it; None where there is none."""
    for folder in (tree.folder, *tree.folder.parents):
        path = folder / ".venv" / "bin" / "python"
        if os.access(path, os.X_OK):
            return path
        if folder == tree.root:
            break
    return None


def differences(base: Path, head: Path) -> tuple[str, ...]:
    """A note on the packages that differ between the environments of two interpreters; none where they are one."""
    if base == head:
        return ()
    olds, news = _packages(base), _packages(head)
    if not olds or not news:
        return ()
    changed = [name for name in dict.fromkeys((*olds, *news)) if olds.get(name) != news.get(name)]
    if not changed:
        return ("Both environments hold the same packages.",)
    shown = ", ".join(
        f"{name} {olds.get(name, 'none')} -> {news.get(name, 'none')}" for name in changed[:_SHOWN]
    )
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return (f"The environments differ: {shown}{more}.",)


def python_version(python: Path) -> str:
    """The version of an interpreter, such as `3.12.1`; empty where it does not run."""
    return _packages(python).get("python", "")


def _split(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--install {command}: {error}") from None
    if not words:
        raise UsageError('--install: give a command, such as --install "uv sync --frozen"')
    return words


def _failure(command: str, tree: Tree, what: str, log: Path) -> str:
    return f"--install {shlex.quote(command)} {what} in {tree.said}; its output:\n{quote(log)}"


def _packages(python: Path) -> Mapping[str, str]:
    """By name the versions of an interpreter's packages, Python first; none where it cannot say."""
    try:
        facts = ask(python)
    except ServerError:
        return {}
    return {"python": facts.version, **{normalize(name): one for name, one in facts.packages.items()}}
