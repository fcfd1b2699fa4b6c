"""All that a command may name: what is shipped, what one's own files hold, and what options give."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.errors import UsageError, unknown
from bench.model.plan import Plan, Setup
from bench.plan import config
from bench.plan.project import Project
from bench.plan.service_plans import NAMES, SERVERS, service_plans
from bench.plan.setup_rules import check_own_name
from bench.plan.tables import TomlTables, merge, read_tables
from bench.system.home import names_demo

NO_SCENARIO = (
    "you have no scenario of your own to measure; `bench init` writes some, and "
    'scenarios = "bench_scenarios.py" in bench.toml or --scenarios names their file'
)
_FIRST = "uvicorn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The setups and plans that a command may name, by the project that was found and by options.

    A later one wins: what is shipped, the project's, that of `setups_file` and `plans_file`. `given` holds keys of
    setups that options give, folders as seen from the current one; they win over all. Its `app` makes the shipped
    servers serve that app, as does the project's `[service]`.
    """

    project: Project | None = None
    setups_file: Path | None = None
    plans_file: Path | None = None
    named_scenarios: Path | None = None
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scenarios_file(self) -> Path | None:
        """The file of one's own scenarios: the option's, else the project's. Raises UsageError."""
        if self.named_scenarios is not None or self.project is None:
            return self.named_scenarios
        file = self.project.scenarios
        if file is not None and not file.is_file():
            raise UsageError(f"{self.project.title}: scenarios: {file}: there is no such file")
        return file

    @property
    def serves_own(self) -> bool:
        """Whether the shipped servers serve an app of one's own, not the demo."""
        app = self._defaults.get("app")
        return app is not None and not names_demo(str(app))

    @property
    def has_service(self) -> bool:
        """Whether there is a service of one's own, so that the shipped plans, made for the demo, are not for it."""
        if self.given.get("app") is not None:
            return self.serves_own
        return self.project is not None and bool(self.project.has_service or self.project.setups.tables)

    @property
    def service_name(self) -> str:
        """The name that the project's file gives its service; empty without one, and for the app of an option."""
        return "" if self.project is None or "app" in self.given else self.project.name

    def setups(self) -> dict[str, Setup]:
        """The setups by name. Raises UsageError, with file, table and key, for a mistake in a file."""
        self._check_names()
        bases = self._bases()
        setups = _build_offered(bases) if self.serves_own else config.build_setups(_on_top(bases, self.given))
        for file in self._own(bases):
            setups |= config.build_setups(file)
        return setups

    def setup(self, name: str | None) -> Setup:
        """A setup by name; without one the first of one's own, else uvicorn. Raises UsageError."""
        known = self.setups()
        wanted = name or self._first()
        if wanted not in known:
            raise unknown("setup", wanted, known)
        self.check_app([known[wanted]])
        return known[wanted]

    def check_app(self, setups: Iterable[Setup]) -> None:
        """Raise UsageError where options give an app to a setup that starts a command of its own."""
        for setup in setups:
            if "app" in self.given and setup.server == "command":
                raise UsageError(
                    f"setup '{setup.name}' starts a command of its own, for which there is no --app"
                )

    def takes_shipped_servers(self, plan: str) -> bool:
        """Whether a ready-made plan measures the shipped servers: the service has no setups of its own."""
        return self.serves_own and not self._own_names() and plan in NAMES and plan not in self._own_plans()

    def _own_plans(self) -> dict[str, Plan]:
        """The plans of the project and of the file that an option names."""
        files = [] if self.project is None else [self.project.plans]
        files += [] if self.plans_file is None else [read_tables(self.plans_file)]
        return {name: plan for file in files for name, plan in config.build_plans(file).items()}

    def plans(self, scenarios: Sequence[str], servers: Sequence[str] = ()) -> dict[str, Plan]:
        """The plans by name. With a service of one's own, its plans measure these scenarios of its own.

        `servers` are the shipped setups that they measure where it has no setup of its own; without any, the best of
        each kind. Raises UsageError, with file, table and key, for a mistake in a file.
        """
        return self._ready_plans(scenarios, servers) | self._own_plans()

    def _ready_plans(self, scenarios: Sequence[str], servers: Sequence[str]) -> dict[str, Plan]:
        if not self.has_service:
            return config.load_plans()
        setups: Sequence[str] = self._own_names()
        if not setups and self.serves_own:
            known = self.setups()
            setups = servers or [kind[0] for kind in SERVERS if kind[0] in known]
        return service_plans(setups, scenarios) if setups and scenarios else {}

    def plan(self, name: str, scenarios: Sequence[str], servers: Sequence[str] = ()) -> Plan:
        """A plan by name, as `plans` has it. Raises UsageError."""
        known = self.plans(scenarios, servers)
        if name in known:
            return known[name]
        if self.has_service and name in NAMES and not scenarios:
            raise UsageError(NO_SCENARIO)
        if self.has_service and name in NAMES:
            raise UsageError(
                'there is no app to serve; write app = "module:attribute" into [service], or give --app'
            )
        raise unknown("plan", name, known)

    def _check_names(self) -> None:
        """Raise UsageError where an app is named that could be the service's as well as the harness's."""
        if "app" in self.given:
            check_own_name("--app:", self._defaults)
        elif self.project is not None and "app" in self.project.defaults:
            check_own_name(f"{self.project.title}: [service] app:", self._defaults)

    @property
    def _defaults(self) -> dict[str, Any]:
        """The keys beneath every setup of one's own."""
        return _give({} if self.project is None else self.project.defaults, self.given)

    def _bases(self) -> TomlTables:
        """The shipped setups, of one's own app where there is one."""
        shipped = config.shipped_setups()
        if not self.serves_own:
            return shipped
        served = {
            name: _serve(table, self._defaults) if config.serves_demo(table) else table
            for name, table in shipped.tables.items()
        }
        return replace(shipped, tables=served)

    def _own(self, bases: TomlTables) -> list[TomlTables]:
        """The setups of the project and of the file that an option names, complete."""
        complete, beneath = [], dict(bases.tables)
        for file in self._own_files():
            resolved = config.resolve(file, beneath)
            tables = {
                name: _give(merge(self._defaults, table), self.given)
                for name, table in resolved.tables.items()
            }
            for name, table in tables.items():
                if "app" in file.tables[name]:
                    check_own_name(f"{file.where(name)} app:", table)
            complete.append(replace(resolved, tables=tables))
            beneath |= tables
        return complete

    def _own_files(self) -> list[TomlTables]:
        project = [] if self.project is None else [self.project.setups]
        return project + ([] if self.setups_file is None else [read_tables(self.setups_file)])

    def _own_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for file in self._own_files() for name in file.tables))

    def _first(self) -> str:
        own = () if self.project is None else tuple(self.project.setups.tables)
        return own[0] if own else _FIRST


def _give(table: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A table with what options give on top: a folder is that of the user, seen from where the server runs."""
    made = merge(table, given)
    if "app_dir" in given:
        made["app_dir"] = os.path.relpath(given["app_dir"], str(made.get("cwd") or os.curdir))
    return made


def _serve(table: Mapping[str, Any], service: Mapping[str, Any]) -> dict[str, Any]:
    """A shipped setup of the demo that serves another app, without the demo's environment."""
    return merge({key: value for key, value in table.items() if key != "env"}, service)


def _build_offered(bases: TomlTables) -> dict[str, Setup]:
    """The shipped setups that mean something to any app: the anchor, and servers without a feature of the demo.

    A server that cannot do what the service asks for, such as `lifespan = "off"`, is left out.
    """
    shipped = config.shipped_setups().tables
    setups = {}
    for name, table in shipped.items():
        plain = not {"services", "args"} & table.keys() and table.get("server") != "command"
        if plain and (not config.serves_demo(table) or table.get("env") == shipped[_FIRST]["env"]):
            may_lack = contextlib.nullcontext() if name == _FIRST else contextlib.suppress(UsageError)
            with may_lack:
                setups[name] = config.build_setup(bases.where(name), name, bases.tables[name])
    return setups


def _on_top(shipped: TomlTables, given: Mapping[str, Any]) -> TomlTables:
    """What options give, on top of the shipped setups that serve the demo; the others are what they are."""
    tables = {
        name: _give(table, given) if config.serves_demo(table) else table
        for name, table in shipped.tables.items()
    }
    return replace(shipped, tables=tables)
