"""Turns names on a command line into setups, scenarios and folders, and checks them. Every mistake is a UsageError."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from bench.cli._service import ServiceOptions
from bench.cli._terminal import note
from bench.errors import UsageError, unknown
from bench.model.plan import Setup
from bench.plan.configuration import NO_SCENARIO, Configuration
from bench.plan.project import find_project
from bench.plan.service_plans import ANCHOR_SCENARIO
from bench.plan.source import source_name
from bench.system.home import is_own
from bench.system.ports import is_loopback
from scenarios.files import ScenarioFileError, load, own
from scenarios.model import Scenario


def configure(
    service: ServiceOptions | None = None,
    *,
    setups: Path | None = None,
    scenarios: Path | None = None,
    plans: Path | None = None,
) -> Configuration:
    """All that a command may name, by its options and by the project's file; a line says which file that is."""
    project = find_project(Path.cwd())
    if project is not None:
        note(f"configuration: {project.title}")
    return Configuration(
        project=project,
        setups_file=setups,
        plans_file=plans,
        named_scenarios=scenarios,
        given={} if service is None else service.keys(),
    )


def load_scenarios(path: Path | None) -> dict[str, Scenario]:
    """Our scenarios, and those of the user's file."""
    try:
        return load(path)
    except ScenarioFileError as error:
        raise UsageError(str(error)) from None


def find_setup(name: str | None, configuration: Configuration) -> Setup:
    """The setup that a command works with; without a name the first of one's own, else uvicorn."""
    return configuration.setup(name)


def own_scenarios(path: Path | None) -> tuple[str, ...]:
    """The names of the scenarios of the user's file, none without one."""
    try:
        return () if path is None else own(path)
    except ScenarioFileError as error:
        raise UsageError(str(error)) from None


def service_scenarios(configuration: Configuration) -> tuple[str, ...]:
    """The names of the scenarios of one's own service; the shipped ones are for the demo."""
    return own_scenarios(configuration.scenarios_file) if configuration.has_service else ()


def known_scenarios(configuration: Configuration) -> dict[str, Scenario]:
    """The scenarios that a command may name: those of one's own service and the anchor's, else ours and the user's."""
    known = load_scenarios(configuration.scenarios_file)
    mine = service_scenarios(configuration)
    return {name: known[name] for name in (*mine, ANCHOR_SCENARIO)} if mine else known


def service_notes(configuration: Configuration, setup: Setup) -> tuple[str, ...]:
    """A note for a report that names the service which a setup runs; none for an app of the harness's own."""
    if is_own(setup):
        return ()
    folder = Path(setup.cwd or Path.cwd())
    return (f"Service: {configuration.service_name or source_name(folder / setup.app_dir, folder)}.",)


def usual_scenarios(configuration: Configuration, setup: Setup, ours: Sequence[str] = ()) -> tuple[str, ...]:
    """The scenarios that a setup is measured under where none is named: all of one's own, else `ours`, else all.

    Raises UsageError where there are only ours, which are for the demo, and the setup serves another app.
    """
    if mine := own_scenarios(configuration.scenarios_file):
        return mine
    if configuration.has_service or not (setup.server in ("command", "running") or is_own(setup)):
        raise UsageError(NO_SCENARIO)
    return tuple(ours) or own(None)


def find_tagged(tags: Iterable[str], configuration: Configuration) -> tuple[str, ...]:
    """The names of the scenarios that have one of these tags; raises UsageError for a tag that none has."""
    known = known_scenarios(configuration) if tags else {}
    given = {tag for one in known.values() for tag in one.tags}
    if tags and not given:
        raise UsageError("no scenario has a tag: give it some, as Scenario(..., tags=('quick',))")
    check_known("tag", tags, given)
    return tuple(name for name, one in known.items() if not {*one.tags}.isdisjoint(tags))


def check_known(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    """Check that each name of a kind exists."""
    for name in names:
        if name not in known:
            raise unknown(kind, name, known)


def check_address(address: str, allowed: Collection[str]) -> None:
    """Check that an address is on this machine, unless the user allows it by its name."""
    if address not in allowed and not is_loopback(address):
        raise UsageError(
            f"--host {address} is not a loopback address; add --allow-remote {address} if you may load that machine"
        )


def choose_folder(out: Path | None, name: str) -> Path:
    """The folder given for a new run, else one of the time and a name."""
    return out or Path("reports") / f"{datetime.now():%Y%m%d-%H%M%S}-{name}"
