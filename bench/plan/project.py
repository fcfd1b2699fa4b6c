"""The configuration of one's own service: `bench.toml`, or `[tool.fastapi-bench]` of a pyproject.toml.

It is found upwards from a folder, as far as the repository's root.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import UsageError, unknown
from bench.plan.config import build_setup
from bench.plan.tables import TomlTables, localize, read_toml

FILE = "bench.toml"
_PYPROJECT, _TOOL = "pyproject.toml", "fastapi-bench"
_KEYS = frozenset({"service", "setups", "plans", "scenarios"})
SERVICE_KEYS = frozenset(
    {
        *("app", "app_dir", "cwd", "env", "env_file", "health", "python", "prepare", "carry", "lifespan"),
        *("interface", "ws", "root_path", "ready_within_s", "services", "name", "bind", "tls"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The configuration of a service: its file, as messages call it, and what stands there.

    `name` is that which the file gives the service, and may be empty. `defaults` are keys of setups: those of the
    `[service]` table, and the folder where that is not ours. `scenarios` is the file of the service's scenarios.
    """

    title: str
    folder: Path
    name: str
    has_service: bool
    defaults: Mapping[str, Any]
    setups: TomlTables
    plans: TomlTables
    scenarios: Path | None


def find_project(start: Path) -> Project | None:
    """The configuration of the nearest folder that has one, from `start` up to the repository's root.

    Of two files in a folder, `bench.toml` counts. Raises UsageError, with file, table and key, for a mistake in it.
    """
    start = start.absolute()
    for folder in (start, *start.parents):
        title = os.path.relpath(folder / FILE, start)
        if (folder / FILE).is_file():
            return _read(_Place(title, "", folder, start), read_toml(folder / FILE, title))
        title = os.path.relpath(folder / _PYPROJECT, start)
        if (content := _tool_table(folder / _PYPROJECT, title)) is not None:
            return _read(_Place(title, f"tool.{_TOOL}.", folder, start), content)
        if (folder / ".git").exists():
            return None
    return None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a configuration stands: the file as messages call it, what precedes its tables, its folder, and ours."""

    title: str
    prefix: str
    folder: Path
    start: Path

    def key(self, name: str) -> str:
        """A key that stands outside of the tables, as messages name it."""
        return (
            f"{self.title}: [{self.prefix.removesuffix('.')}] {name}"
            if self.prefix
            else f"{self.title}: {name}"
        )

    def tables(self, kind: str, tables: Mapping[str, dict[str, Any]]) -> TomlTables:
        prefix = f"{self.prefix}{kind}."
        return TomlTables(title=self.title, folder=self.folder, tables=tables, prefix=prefix)


def _tool_table(path: Path, title: str) -> dict[str, Any] | None:
    """Our table of a pyproject.toml; None where it has none. A file that never names us may have mistakes."""
    try:
        if not path.is_file() or _TOOL not in path.read_text(encoding="utf-8"):
            return None
    except (OSError, UnicodeDecodeError):
        return None
    tool = read_toml(path, title).get("tool", {})
    table = tool.get(_TOOL) if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{title}: tool.{_TOOL}: is not a table; write [tool.{_TOOL}]")
    return table


def _read(place: _Place, content: Mapping[str, Any]) -> Project:
    for key, value in content.items():
        if key not in _KEYS and isinstance(value, dict):
            names = " or ".join(f"[{place.prefix}{kind}.{key}]" for kind in ("setups", "plans"))
            raise UsageError(f"{place.title}: unknown table [{place.prefix}{key}]; write {names}")
        if key not in _KEYS:
            raise UsageError(f"{place.key(key)}: {unknown('key', key, _KEYS)}")
    service = _service(place, content.get("service", {}))
    name = service.pop("name", "")
    at_home = {} if place.folder == place.start else {"cwd": str(place.folder)}
    return Project(
        title=place.title,
        folder=place.folder,
        name=name,
        has_service="service" in content,
        defaults={**at_home, **service},
        setups=_tables(place, "setups", content),
        plans=_tables(place, "plans", content),
        scenarios=_scenarios(place, content),
    )


def _service(place: _Place, table: object) -> dict[str, Any]:
    """The keys of the `[service]` table, each of which a setup could have, and its name."""
    where = f"{place.title}: [{place.prefix}service]"
    if not isinstance(table, dict):
        raise UsageError(f"{where}: {table!r} is not a table")
    for key in table:
        if key not in SERVICE_KEYS:
            raise UsageError(f"{where}: {unknown('key', key, SERVICE_KEYS)}")
    if not isinstance(table.get("name", ""), str):
        raise UsageError(f"{where} name: {table['name']!r} is not text")
    if "app" in table:
        check_app(f"{where} app:", table["app"])
    file = TomlTables(title=place.title, folder=place.folder, tables={}, prefix=place.prefix)
    made = localize(file, "service", table)
    build_setup(where, "service", {"server": "uvicorn", **made, "name": "service"})
    return made


def check_app(where: str, app: object) -> None:
    """Raise UsageError, which begins with `where`, for what is not the name of an app in a module."""
    module, colon, attribute = app.partition(":") if isinstance(app, str) else ("", "", "")
    if not (module and colon and attribute):
        raise UsageError(
            f"{where} {app!r} is not module:attribute, such as shop.main:app or shop.main:make()"
        )


def _tables(place: _Place, kind: str, content: Mapping[str, Any]) -> TomlTables:
    tables = content.get(kind, {})
    if not isinstance(tables, dict):
        raise UsageError(f"{place.key(kind)}: {tables!r} is not a table; write [{place.prefix}{kind}.NAME]")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise UsageError(
                f"{place.title}: [{place.prefix}{kind}] {name}: is not a table; write [{place.prefix}{kind}.{name}]"
            )
    return place.tables(kind, tables)


def _scenarios(place: _Place, content: Mapping[str, Any]) -> Path | None:
    """The file of scenarios, as seen from our folder."""
    named = content.get("scenarios")
    if named is None:
        return None
    if not isinstance(named, str):
        where = place.key("scenarios")
        raise UsageError(f'{where}: {named!r} is not a file; write scenarios = "bench_scenarios.py"')
    return Path(os.path.relpath(place.folder / named, place.start))
