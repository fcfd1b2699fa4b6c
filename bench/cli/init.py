"""`bench init`: the first files of a service of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli._options import option, seconds
from bench.cli._terminal import note, say
from bench.plan.env_file import parse_assignment, read_env_file
from bench.serve.interpreter import Interpreter, find_interpreter
from bench.starter import project
from bench.starter.discovery import candidates
from bench.starter.draft import Draft
from bench.starter.files import CONFIGURATION, SCENARIOS
from bench.starter.inspection import Inspection, inspect
from bench.starter.project import Given

_APP_HELP = "The app or its factory, as MODULE:ATTR [found in the usual places]."
_PYTHON_HELP = "The service's interpreter: a path or a version [$VIRTUAL_ENV, else .venv, else ours]."
_OWN_DATABASE = '--env "DATABASE_URL=sqlite:///{tmp}/bench.db", or whatever the service reads it from'
_SHOWN_STUBS = 8


def init(
    app: Annotated[str, option(_APP_HELP, "MODULE:ATTR")] = "",
    app_dir: Annotated[str, option("Folder that the app is imported from [found].", "DIR")] = "",
    python: Annotated[str, option(_PYTHON_HELP, "PATH")] = "",
    env: Annotated[
        list[str] | None, option("A variable of its environment, not a secret; repeatable.", "K=V")
    ] = None,
    env_file: Annotated[str, option("A file of such variables, and of secrets.", "FILE")] = "",
    health: Annotated[str, option("Path that answers 200 when it is ready [found].", "PATH")] = "",
    ready_within: Annotated[float | None, seconds("Time that a start may take [30].", 0.1)] = None,
    no_smoke: Annotated[
        bool, typer.Option("--no-smoke", help="Start nothing and send nothing: write what the schema says.")
    ] = False,
) -> None:
    """Look at your app, write bench.toml and bench_scenarios.py for it, and try them once.

    Run it in the folder of the service. It imports the app in the service's own interpreter, draws a request for each
    operation of its OpenAPI schema, starts the service, sends each request twice, and keeps those that work. What
    needs a login, a file or an id that nobody knows becomes a commented stub. Nothing is overwritten.

    \b
    bench init
    bench init --app shop.main:create_app --app-dir src
    bench init --env "DATABASE_URL=sqlite:///{tmp}/shop.db"
    """
    given = Given(
        folder=Path.cwd(),
        python=python,
        env=dict(parse_assignment("--env", each) for each in env or ()),
        env_file=env_file,
        health=health,
        ready_within_s=ready_within,
    )
    project.check_nothing_in_the_way(given.folder)
    interpreter = find_interpreter(python, given.folder)
    service = _look(given, interpreter, app, app_dir)
    draft = project.make_draft(service, given, interpreter.path)
    draft = _write(draft, given) if no_smoke else _write_and_try(draft, given)
    _conclude(draft)


def _look(given: Given, interpreter: Interpreter, app: str, app_dir: str) -> Inspection:
    """Find the app, and say what it is."""
    project.check_no_secret(given.env)
    note(f"interpreter: {interpreter.path} ({interpreter.source})")
    from_file = read_env_file("--env-file", given.folder / given.env_file) if given.env_file else {}
    found = candidates(given.folder, app, app_dir)
    service = inspect(found, interpreter.path, given.folder, {**from_file, **given.env})
    where = f" in {service.app_dir}/" if service.app_dir else ""
    version = service.packages.get(service.framework, "")
    kind = f"{service.framework} {version}".strip() or "no framework that is known"
    known = f"{service.interface.upper()}, {kind}, Python {service.python}"
    note(f"app: {service.app}{where} ({known}; {service.source})")
    for one in service.schemas:
        if one.get("problem"):
            note(f"its OpenAPI schema cannot be made, so only its routes are known: {one['problem']}")
    return service


def _write(draft: Draft, given: Given) -> Draft:
    project.write(draft, given.folder)
    return draft


def _write_and_try(draft: Draft, given: Given) -> Draft:
    """Write, try, and write again what was learned; nothing stays where the service does not even start."""
    try:
        project.write(draft, given.folder)
        draft = project.rehearse(draft, given, note)
        project.write(draft, given.folder)
        tried = project.smoke_test(draft, given.folder, note)
    except BaseException:
        project.remove(given.folder)
        raise
    if tried != draft:
        project.write(tried, given.folder)
    right, count = len(tried.scenarios), len(draft.scenarios)
    say(f"smoke test: {right} of {count} scenarios answered as expected under {draft.usable[0].name}")
    return tried


def _conclude(draft: Draft) -> None:
    """Say what was written, what was left out and why, and what to type next."""
    left_out = [each for each in draft.setups if each.reason]
    names = ", ".join(each.name for each in draft.usable)
    say(f"{CONFIGURATION}: health {draft.health}; setups {names}; plans default and smoke")
    say(
        f"{SCENARIOS}: {_count(len(draft.scenarios), 'scenario')}, {_count(len(draft.stubs), 'commented stub')}"
    )
    for each in draft.stubs[:_SHOWN_STUBS]:
        say(f"  {each.method} {each.path}: {each.reason}")
    if len(draft.stubs) > _SHOWN_STUBS:
        say(f"  and {len(draft.stubs) - _SHOWN_STUBS} more")
    for setup in left_out:
        say(f"  setup {setup.name}: {setup.reason}")
    if draft.prepare and not draft.has_own_database:
        say(
            f"  `{' '.join(draft.prepare)}` stands in {CONFIGURATION} as a comment: it would change your database"
        )
    if any(each.method != "GET" for each in draft.scenarios) and not draft.has_own_database:
        say(f"  some scenarios write; for a database of their own: {_OWN_DATABASE}")
    say("\nnext: `bench run smoke` (some seconds), or `bench run` (about three minutes, with a report)")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
