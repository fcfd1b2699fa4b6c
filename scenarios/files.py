"""A user's own Python file with a `SCENARIOS` table, in addition to the shipped scenarios."""

from __future__ import annotations

import contextlib
import runpy
import sys
from pathlib import Path

from scenarios import SCENARIOS
from scenarios.model import Scenario


class ScenarioFileError(Exception):
    """The file cannot be used; the message names it and gives the reason."""


def load(path: Path | None) -> dict[str, Scenario]:
    """The shipped scenarios and those of `path`, which win where names recur. Raises ScenarioFileError."""
    return dict(SCENARIOS) if path is None else {**SCENARIOS, **_from_file(path)}


def own(path: Path | None) -> tuple[str, ...]:
    """The names in the table of `path`; without a path, those of the shipped scenarios. Raises ScenarioFileError."""
    return tuple(SCENARIOS if path is None else _from_file(path))


def _from_file(path: Path) -> dict[str, Scenario]:
    if not path.is_file():
        raise ScenarioFileError(f"{path}: there is no such file")
    sys.path.append(str(path.parent.resolve()))  # so that the file can import its neighbours
    try:
        with contextlib.redirect_stdout(
            sys.stderr
        ):  # standard output is reserved for the output of a command
            table = runpy.run_path(str(path)).get("SCENARIOS")
    except (Exception, SystemExit) as error:
        raise ScenarioFileError(f"{path}: {type(error).__name__}: {error}") from error
    if not isinstance(table, dict) or not table:
        raise ScenarioFileError(
            f"{path}: defines no SCENARIOS table, such as SCENARIOS = {{'name': Scenario(...)}}"
        )
    for name, scenario in table.items():
        if not isinstance(scenario, Scenario):
            raise ScenarioFileError(f"{path}: SCENARIOS[{name!r}] is not a scenarios.model.Scenario")
        if scenario.name != name:
            raise ScenarioFileError(
                f"{path}: SCENARIOS[{name!r}] calls itself {scenario.name!r}; use one name"
            )
    return table
