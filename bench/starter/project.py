"""Writes the two files of a service, and tries on real servers what it writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.errors import EngineError, ServerError, UsageError
from bench.measure.answers import check_answers
from bench.model.plan import Setup
from bench.model.secrets import mask_value
from bench.plan.configuration import Configuration
from bench.plan.project import find_project
from bench.plan.setup_rules import check_own_name
from bench.plan.source import source_name
from bench.serve.server import serving
from bench.starter import rehearsal
from bench.starter.draft import (
    Draft,
    DraftSetup,
    draft_setups,
    health_operation,
    health_paths,
    likely_health,
)
from bench.starter.files import CONFIGURATION, SCENARIOS, render_configuration, render_scenarios
from bench.starter.inspection import Inspection
from bench.starter.operations import Operation, operations
from bench.system.processes import Processes
from scenarios.files import load as load_scenarios

_ANY_STATUS = range(100, 600)
_SERVERS = {"asgi": "uvicorn", "wsgi": "gunicorn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the user gave of a service: the folder it is in, and keys of its setups."""

    folder: Path
    python: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_file: str = ""
    health: str = ""
    ready_within_s: float | None = None


def check_nothing_in_the_way(folder: Path) -> None:
    """Raise UsageError when a file that would be written is there, or another holds a configuration already."""
    for name in (CONFIGURATION, SCENARIOS):
        if (folder / name).exists():
            raise UsageError(
                f"{name} is there already, and nothing is overwritten; move it away to begin anew"
            )
    project = folder / "pyproject.toml"
    text = project.read_text(encoding="utf-8", errors="replace") if project.is_file() else ""
    if re.search(r"^\[tool\.fastapi-bench\b", text, re.MULTILINE):
        raise UsageError("pyproject.toml has a table [tool.fastapi-bench] already; remove it to begin anew")


def check_no_secret(env: Mapping[str, str]) -> None:
    """Raise UsageError for a variable that would put a secret into a file that is meant to be committed."""
    for name, value in env.items():
        if mask_value(name, value) != value:
            raise UsageError(
                f"--env {name}: its value looks like a secret, and {CONFIGURATION} is to be committed; write it into a "
                "file that git ignores, such as .env, and give that with --env-file"
            )


def make_draft(service: Inspection, given: Given, interpreter: Path) -> Draft:
    """The draft that needs no start of the service.

    Raises UsageError when no server is installed that could run it, and for an app that has the name of one of ours.
    """
    place = {"cwd": str(given.folder), "app_dir": service.app_dir, "env": given.env}
    check_own_name(f"{service.source}:", {"app": service.app, **place})
    setups = draft_setups(service)
    if not setups:
        raise UsageError(
            f"{interpreter} has no server for this {service.interface.upper()} app; install one there: "
            f"{interpreter} -m pip install {_SERVERS[service.interface]}"
        )
    found = operations(service)
    health = likely_health(found, given.health)
    return Draft(
        name=source_name(given.folder, given.folder),
        service=service,
        health=health,
        setups=setups,
        operations=_with_health(found, health),
        python=given.python,
        ready_within_s=given.ready_within_s,
        env=given.env,
        env_file=given.env_file,
        prepare=_prepare(given.folder),
        carry=(".env",) if (given.folder / ".env").is_file() else (),
    )


def write(draft: Draft, folder: Path) -> None:
    """Write both files."""
    (folder / CONFIGURATION).write_text(render_configuration(draft), encoding="utf-8")
    (folder / SCENARIOS).write_text(render_scenarios(draft), encoding="utf-8")


def remove(folder: Path) -> None:
    """Remove both files again."""
    for name in (CONFIGURATION, SCENARIOS):
        (folder / name).unlink(missing_ok=True)


def rehearse(draft: Draft, given: Given, note: Callable[[str], None]) -> Draft:
    """The draft corrected by real servers: health path, answers of operations, and setups that start.

    Both files are there. Raises ServerError when the service does not start or no path answers 200.
    """
    setups = _written_setups(given.folder)
    first, *others = draft.usable
    with Processes() as processes:
        note(f"starting {first.name}")
        with serving(setups[first.name], processes, cwd=given.folder, ready=_ANY_STATUS) as server:
            health = rehearsal.find_health(server, health_paths(draft.operations, given.health))
            found = operations(draft.service)
            tried = rehearsal.try_operations(server, found, lambda each: note(f"{each.method} {each.target}"))
        kept = [first]
        for each in others:
            note(f"starting {each.name}")
            kept.append(_start(each, replace(setups[each.name], health=health), processes, given.folder))
    found = _with_health(tried, health)
    return replace(draft, health=health, operations=found, setups=tuple(kept), is_tried=True)


def smoke_test(draft: Draft, folder: Path, note: Callable[[str], None]) -> Draft:
    """Run each written scenario once on a fresh server; those that fail get the reason. Raises ServerError."""
    scenarios = load_scenarios(folder / SCENARIOS)
    setup = _written_setups(folder)[draft.usable[0].name]
    failed: dict[str, str] = {}
    with Processes() as processes, serving(setup, processes, cwd=folder) as server:
        for operation in draft.scenarios:
            note(f"scenario {operation.name}")
            try:
                check_answers(scenarios[operation.name], server)
            except EngineError as error:
                failed[operation.name] = " ".join(str(error).split())
    changed = (replace(each, reason=failed.get(each.name, each.reason)) for each in draft.operations)
    return replace(draft, operations=tuple(changed))


def _start(draft: DraftSetup, setup: Setup, processes: Processes, folder: Path) -> DraftSetup:
    """The setup, with the reason where it does not start."""
    try:
        with serving(setup, processes, cwd=folder):
            return draft
    except (ServerError, UsageError) as error:
        return replace(draft, reason=f"did not start: {str(error).splitlines()[0]}")


def _with_health(found: Sequence[Operation], health: str) -> tuple[Operation, ...]:
    """The operations, and one for the health path if there is no other that could be a scenario."""
    if any(each.is_callable for each in found):
        return tuple(found)
    return (health_operation(health), *found)


def _prepare(folder: Path) -> tuple[str, ...]:
    """The command that brings the tables of a database up to date, where one is known."""
    if (folder / "alembic.ini").is_file():
        return ("python", "-m", "alembic", "upgrade", "head")
    if (folder / "manage.py").is_file():
        return ("python", "manage.py", "migrate")
    return ()


def _written_setups(folder: Path) -> Mapping[str, Setup]:
    """What a command would read of the files that were written."""
    return Configuration(project=find_project(folder)).setups()
