"""The scenarios share a process with the app, but neither a folder nor a path of imports nor modules."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from bench.gates.exact.job import Job
from bench.gates.exact.origin import is_harness, is_installed, location
from scenarios.files import load
from scenarios.model import Flow, Scenario


def scenarios(job: Job) -> dict[str, Scenario]:
    """The job's scenarios; their code runs where the user typed the command, and what they import is theirs alone.

    An app must find its own version of a module that a scenario imports from the working tree. Call it before the app
    is imported.
    """
    apart = _Apart(job.here)
    with apart.entered():
        known = load(job.scenarios_file)
    _hide({name for name in sys.modules if is_harness(name) and _has(job, name)})
    return {name: replace(known[name], flow=apart.flow(known[name].flow)) for name in job.scenarios}


class _Apart:
    """The user's folder, and the path of imports as the scenarios left it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = [*sys.path]

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        known = {*sys.modules}
        path, sys.path[:] = [*sys.path], self._path
        here = os.getcwd()
        os.chdir(self._folder)
        try:
            yield
        finally:
            os.chdir(here)
            self._path, sys.path[:] = [*sys.path], path
            if len(sys.modules) > len(known):
                _hide({name for name in {*sys.modules} - known if _is_loose(name)})

    def flow(self, flow: Callable[[Random], Flow]) -> Callable[[Random], Flow]:
        """The same requests; the app runs outside."""

        def entering(rng: Random) -> Flow:
            with self.entered():
                going = flow(rng)
                request = next(going, None)
            while request is not None:
                response = yield request
                with self.entered():
                    try:
                        request = going.send(response)
                    except StopIteration:
                        return

        return entering


def _is_loose(name: str) -> bool:
    """Whether a module lies about in a folder: neither installed nor the harness's."""
    file = location(sys.modules[name])
    return file is not None and not is_harness(name) and not is_installed(file)


def _has(job: Job, name: str) -> bool:
    """Whether the app's tree has a module of that name on top."""
    top = name.partition(".")[0]
    return any((folder / top).is_dir() or (folder / f"{top}.py").is_file() for folder in job.imports)


def _hide(names: set[str]) -> None:
    """Let the next import of these look for them anew; who holds them keeps them."""
    for name in names:
        del sys.modules[name]
