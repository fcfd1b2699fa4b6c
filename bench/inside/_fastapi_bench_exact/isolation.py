"""Scenarios share a process with the app, but not its folder, its path of imports, or its modules."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from random import Random
from types import ModuleType
from typing import TYPE_CHECKING

from .errors import InsideError
from .imports import is_installed, is_ours, location
from .job import CountingJob

if TYPE_CHECKING:
    from scenarios.model import Flow, Response, Scenario

_PACKAGE = "scenarios"
"""The harness's package that a file of scenarios imports; a service may have one of that name itself."""


@dataclass(frozen=True)
class Workload:
    """A job's scenarios, and what makes the answers that they are sent."""

    scenarios: dict[str, Scenario]
    response: Callable[[int, bytes, bytes], Response]


def load_workload(job: CountingJob) -> Workload:
    """The job's scenarios; their code runs where the user typed the command, and the app cannot see their modules.

    An app must find its own version of a module that a scenario imports from the working tree, and its own package
    `scenarios`. Call it before the app is imported.
    """
    outside = _Outside(job.here)
    with outside.visit():
        _import_package(job.home / _PACKAGE)
        known = importlib.import_module(f"{_PACKAGE}.files").load(job.scenarios_file)
        model = importlib.import_module(f"{_PACKAGE}.model")
        begin = partial(importlib.import_module(f"{_PACKAGE}.session").begin, prefix=job.root_path)
    asked = {name: outside.scenario(known[name], model, begin) for name in job.scenarios}
    return Workload(asked, model.Response)


def _import_package(folder: Path) -> None:
    """Import the harness's package from its folder, whatever the path of imports leads to."""
    spec = spec_from_file_location(_PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[_PACKAGE] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[_PACKAGE])


class _Outside:
    """The user's folder, and the path of imports and the harness's modules as the scenarios left them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = [*sys.path]
        self._modules: dict[str, ModuleType] = {}

    @contextlib.contextmanager
    def visit(self) -> Iterator[None]:
        theirs = {name: sys.modules.pop(name) for name in self._modules if name in sys.modules}
        sys.modules.update(self._modules)
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
                self._take({*sys.modules} - known)
            for name in self._modules:
                sys.modules.pop(name, None)
            sys.modules.update(theirs)

    def _take(self, new: set[str]) -> None:
        """Keep the harness's modules among new ones, and make the next import of loose ones search for them again."""
        self._modules.update({name: sys.modules[name] for name in new if _is_of_package(name)})
        for name in new:
            if not _is_of_package(name) and _is_loose(name):
                del sys.modules[name]

    def scenario(self, one: Scenario, model: ModuleType, begin: Callable[[Flow], Flow]) -> Scenario:
        """The same scenario, as its flows run in the user's folder."""
        session = self._flow(lambda rng: begin(one.session(rng)), model)
        prepare = one.prepare
        start = None if prepare is None else self._flow(lambda rng: begin(prepare(rng)), model)
        return replace(one, flow=session, on_start=None, prepare=start)

    def _flow(self, flow: Callable[[Random], Flow], model: ModuleType) -> Callable[[Random], Flow]:
        """The same requests without pauses; only the scenario's own code runs in the user's folder, the app does not.

        Raises InsideError where the scenario's code is wrong.
        """

        def visiting(rng: Random) -> Flow:
            response: Response | None = None
            with self.visit():
                session = model.requests_of(flow(rng))
            while True:
                with self.visit():
                    try:
                        step = session.send(response)
                        model.check_request(step, session)
                    except StopIteration:
                        return
                    except model.ScenarioError as error:
                        raise InsideError(str(error)) from None
                response = yield step

        return visiting


def _is_of_package(name: str) -> bool:
    return name.partition(".")[0] == _PACKAGE


def _is_loose(name: str) -> bool:
    """Whether a module is a file of some folder: neither installed nor of this package."""
    file = location(sys.modules[name])
    return file is not None and not is_ours(name) and not is_installed(file)
