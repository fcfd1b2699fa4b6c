"""Scenarios share a process with the app, but not its folder, its path of imports, or its modules."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from bench.gates.exact.job import CountingJob
from bench.gates.origin.imports import is_harness, is_installed, location
from scenarios.files import load
from scenarios.model import Flow, Scenario


def scenarios(job: CountingJob) -> dict[str, Scenario]:
    """The job's scenarios; their code runs where the user typed the command, and the app cannot see their modules.

    An app must find its own version of a module that a scenario imports from the working tree. Call it before the app
    is imported.
    """
    outside = _Outside(job.here)
    with outside.visit():
        known = load(job.scenarios_file)
    _hide({name for name in sys.modules if is_harness(name) and _has(job, name)})
    return {name: replace(known[name], flow=outside.flow(known[name].flow)) for name in job.scenarios}


class _Outside:
    """The user's folder, and the path of imports as the scenarios left it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = [*sys.path]

    @contextlib.contextmanager
    def visit(self) -> Iterator[None]:
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
        """The same requests; only the scenario's own code runs in the user's folder, the app does not."""

        def visiting(rng: Random) -> Flow:
            with self.visit():
                session = flow(rng)
                request = next(session, None)
            while request is not None:
                response = yield request
                with self.visit():
                    try:
                        request = session.send(response)
                    except StopIteration:
                        return

        return visiting


def _is_loose(name: str) -> bool:
    """Whether a module is a file of some folder: neither installed nor the harness's."""
    file = location(sys.modules[name])
    return file is not None and not is_harness(name) and not is_installed(file)


def _has(job: CountingJob, name: str) -> bool:
    """Whether the app's tree has the top-level module of that name."""
    top = name.partition(".")[0]
    return any((folder / top).is_dir() or (folder / f"{top}.py").is_file() for folder in job.imports)


def _hide(names: set[str]) -> None:
    """Make the next import of these search for them again; modules that already hold them keep them."""
    for name in names:
        del sys.modules[name]
