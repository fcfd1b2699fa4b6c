"""A user's own Python file with a `SCENARIOS` table, in addition to the shipped scenarios."""

from __future__ import annotations

import contextlib
import runpy
import sys
import traceback
from pathlib import Path
from typing import cast

from scenarios import SCENARIOS, mistakes
from scenarios.mistakes import ScenarioError
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
    mistakes.take_noted()
    try:
        with contextlib.redirect_stdout(
            sys.stderr
        ):  # standard output is reserved for the output of a command
            table = runpy.run_path(str(path)).get("SCENARIOS")
    except ScenarioError as error:
        raise ScenarioFileError(
            str(error) if error.place else f"{mistakes.error_place(error) or path}: {error}"
        ) from error
    except (Exception, SystemExit) as error:
        raise ScenarioFileError(f"{_line(path, error)}: {type(error).__name__}: {error}") from error
    _check_table(path, table)
    _check_names(path)
    return cast("dict[str, Scenario]", table)


def _line(path: Path, error: BaseException) -> str:
    """The file, and its last line that an exception passed, if it got so far."""
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == str(path)
    ]
    return f"{path}:{lines[-1]}" if lines else str(path)


def _check_table(path: Path, table: object) -> None:
    if isinstance(table, (list, tuple, set)) and table:
        raise ScenarioFileError(
            f"{path}: SCENARIOS is a {type(table).__name__}; make it a dict: "
            "SCENARIOS = {scenario.name: scenario for scenario in (...)}"
        )
    if not isinstance(table, dict) or not table:
        raise ScenarioFileError(
            f"{path}: defines no SCENARIOS table, such as SCENARIOS = {{'name': Scenario(...)}}"
        )
    for name, scenario in table.items():
        if not isinstance(scenario, Scenario):
            raise ScenarioFileError(
                f"{path}: SCENARIOS[{name!r}] is not a scenarios.model.Scenario, but a {type(scenario).__name__}"
            )
        if scenario.name != name:
            raise ScenarioFileError(
                f"{path}: SCENARIOS[{name!r}] calls itself {scenario.name!r}; use one name"
            )


def _check_names(path: Path) -> None:
    """Find two scenarios of one name that the file itself makes: in a table the second would hide the first."""
    places: dict[str, str] = {}
    for name, place in mistakes.take_noted():
        if place.rpartition(":")[0] != str(path):
            continue  # a neighbour's, which this file may replace
        if name in places:
            first = places[name].rpartition(":")[2]
            raise ScenarioFileError(
                f"{place}: scenario '{name}' is there already, from line {first}; give each a name of its own"
            )
        places[name] = place
