"""TOML -> Setup and Plan: the one reader of configuration. Every mistake gets a sentence with file, table and key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from bench.errors import UsageError, unknown
from bench.model.plan import MOST_USERS, TIMEOUT_S, Block, ClosedLoad, Load, OpenLoad, Plan, Setup, Shape
from bench.plan.setup_rules import check_setup
from bench.plan.tables import TomlTables, localize, merge, read_tables
from bench.plan.value_faults import explain_value
from bench.stats.conditions import parse_threshold
from bench.system.home import names_demo

_HERE = Path(__file__).parent

_SETUP = TypeAdapter(Setup)
_SETUP_KEYS = frozenset(field.name for field in fields(Setup)) - {"name", "address", "most_rps"} | {
    "extends",
    "env_file",
}
_PLAN_ONLY_KEYS = frozenset({"about", "seed", "processes", "minutes", "long", "fail_if", "blocks"})
_OLD_KEYS = {
    "repeats": "it is called rounds now: rounds of fresh servers, in each of which all cells are measured in turn",
    "duration_s": "cells share the plan's time now: give the plan minutes; stretch_s is the length of what is measured "
    "in one stretch (open loads, Locust, long = true)",
}

_MOST_MINUTES = 10_080

T = TypeVar("T")

_Names = Annotated[tuple[str, ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class _BlockEntry:
    """A block as it stands in the file, after the plan's own keys were filled in."""

    setups: _Names
    scenarios: _Names
    engines: _Names = ("native",)
    users: tuple[Annotated[int, Field(ge=1, le=MOST_USERS)], ...] = ()
    arrivals_per_s: tuple[Annotated[float, Field(gt=0, le=1_000_000)], ...] = ()
    stretch_s: Annotated[float, Field(gt=0, le=86_400)] = 2.0
    warmup_s: Annotated[float, Field(ge=0, le=86_400)] = 0.5
    rounds: Annotated[int, Field(ge=1)] = 1
    arrivals: Literal["poisson", "uniform"] = "poisson"
    max_sessions: Annotated[int, Field(ge=1)] = 1000
    think_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    shape: Shape = "constant"
    timeout_s: Annotated[float, Field(ge=0.1, le=86_400)] = TIMEOUT_S

    def block(self) -> Block:
        loads: list[Load] = [
            ClosedLoad(
                users,
                self.stretch_s,
                self.warmup_s,
                think_s=self.think_s,
                shape=self.shape,
                timeout_s=self.timeout_s,
            )
            for users in self.users
        ]
        loads += [
            OpenLoad(
                rate,
                self.stretch_s,
                self.warmup_s,
                arrivals=self.arrivals,
                max_sessions=self.max_sessions,
                shape=self.shape,
                timeout_s=self.timeout_s,
            )
            for rate in self.arrivals_per_s
        ]
        return Block(self.setups, self.scenarios, self.engines, tuple(loads), rounds=self.rounds)


_BLOCK = TypeAdapter(_BlockEntry)
_BLOCK_KEYS = frozenset(field.name for field in fields(_BlockEntry))


def load_setups(path: Path | None = None) -> dict[str, Setup]:
    """The shipped setups, with those of a user's file added; theirs win and may extend ours. Raises UsageError.

    A shipped setup stays what it is, whatever the user's file does to the one that it extends.
    """
    shipped = shipped_setups()
    own = resolve(read_tables(path), shipped.tables) if path else None
    return build_setups(shipped) | (build_setups(own) if own else {})


def load_plans(path: Path | None = None) -> dict[str, Plan]:
    """The shipped plans, with those of a user's file added; theirs win. Raises UsageError."""
    return build_plans(_shipped("plans.toml")) | (build_plans(read_tables(path)) if path else {})


def shipped_setups() -> TomlTables:
    """The tables of the shipped setups, each with the keys of those that it extends."""
    return resolve(_shipped("setups.toml"), {})


def build_setups(file: TomlTables) -> dict[str, Setup]:
    """The setups that resolved tables describe. Raises UsageError."""
    return {name: build_setup(file.where(name), name, table) for name, table in file.tables.items()}


def build_plans(file: TomlTables) -> dict[str, Plan]:
    """The plans that tables describe. Raises UsageError."""
    return {name: _plan(file, name, table) for name, table in file.tables.items()}


def serves_demo(table: Mapping[str, Any]) -> bool:
    """Whether a resolved table of a setup serves the app that is shipped with the harness."""
    return table.get("server") != "command" and ("app" not in table or names_demo(str(table["app"])))


def check_names(plan: Plan, setups: Iterable[str], scenarios: Iterable[str], engines: Iterable[str]) -> None:
    """Raise UsageError, with a guess at what was meant, when a plan names what does not exist."""
    for kind, wanted, known in (
        ("setup", [name for block in plan.blocks for name in block.setups], set(setups)),
        ("scenario", [name for block in plan.blocks for name in block.scenarios], set(scenarios)),
        ("engine", [name for block in plan.blocks for name in block.engines], set(engines)),
    ):
        for name in wanted:
            if name not in known:
                raise unknown(kind, name, known)


def _shipped(name: str) -> TomlTables:
    return replace(read_tables(_HERE / name), title=name)


def resolve(file: TomlTables, beneath: Mapping[str, dict[str, Any]]) -> TomlTables:
    """Each table on top of the one that it extends: of its own file, or else of those beneath. Raises UsageError."""
    for name, table in file.tables.items():
        _check_keys(file.where(name), table, _SETUP_KEYS)
    local = {name: localize(file, name, table) for name, table in file.tables.items()}
    file = replace(file, tables=local)
    return replace(file, tables={name: _on_base(file, name, beneath, ()) for name in file.tables})


def _on_base(
    file: TomlTables, name: str, beneath: Mapping[str, dict[str, Any]], above: tuple[str, ...]
) -> dict[str, Any]:
    """One table on top of its base; a table that extends its own name means the one beneath."""
    tables, chain = file.tables, (*above, name)
    table, where = dict(tables[name]), file.where(name)
    base_name = table.pop("extends", None)
    if base_name is None:
        return table
    if not isinstance(base_name, str):
        raise UsageError(f"{where} extends: {base_name!r} is not the name of a setup")
    if base_name in beneath and (base_name not in tables or base_name == name):
        apps = [tables[link]["app"] for link in chain if "app" in tables[link]]
        base = _without_demo(beneath[base_name], apps)
    elif base_name not in tables:
        raise UsageError(f"{where} extends: {unknown('setup', base_name, {**beneath, **tables})}")
    elif base_name in chain:
        raise UsageError(f"{file.where(chain[0])} extends itself: {' -> '.join((*chain, base_name))}")
    else:
        base = _on_base(file, base_name, beneath, chain)
    return merge(base, table)


def _without_demo(base: dict[str, Any], apps: Sequence[object]) -> dict[str, Any]:
    """A base without its environment where that is the demo's and another app is served in its place."""
    if apps and not names_demo(str(apps[0])) and serves_demo(base):
        return {key: value for key, value in base.items() if key != "env"}
    return base


def build_setup(where: str, name: str, table: Mapping[str, Any]) -> Setup:
    """The setup that a resolved table describes. Raises UsageError, which begins with `where`."""
    if isinstance(table.get("env"), dict):
        table = {**table, "env": {key: _plain(value) for key, value in table["env"].items()}}
    setup = _validate(where, _SETUP, {**table, "name": name})
    check_setup(where, setup)
    return setup


def _plain(value: object) -> object:
    """Numbers and truth values as the environment holds them; what is none of these is left to be refused."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


def _plan(file: TomlTables, name: str, table: dict[str, Any]) -> Plan:
    where = file.where(name)
    _check_keys(where, table, _PLAN_ONLY_KEYS | _BLOCK_KEYS)
    common = {key: value for key, value in table.items() if key in _BLOCK_KEYS}
    entries = table.get("blocks", [{}])
    if not isinstance(entries, list) or not entries or not all(isinstance(one, dict) for one in entries):
        raise UsageError(f"{where} blocks: write each as [[{file.prefix}{name}.blocks]]")
    seed = _whole_number(where, "seed", table) if "seed" in table else None
    processes = _whole_number(where, "processes", table) if "processes" in table else None
    if processes is not None and processes < 1:
        raise UsageError(f"{where} processes: {processes} is too few; 1 is the least")
    blocks = tuple(
        _block(f"{where} block {number}", common | entry) for number, entry in enumerate(entries, 1)
    )
    long = table.get("long", False)
    if not isinstance(long, bool):
        raise UsageError(f"{where} long: {long!r} is neither true nor false")
    about = str(table.get("about", ""))
    return Plan(
        name,
        about,
        blocks,
        seed,
        processes=processes,
        minutes=_minutes(where, table),
        long=long,
        fail_if=_thresholds(where, table),
    )


def _thresholds(where: str, table: Mapping[str, object]) -> tuple[str, ...]:
    found = table.get("fail_if", [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise UsageError(f'{where} fail_if: {found!r} is not a list of limits, such as ["p99>50ms"]')
    return tuple(parse_threshold(one, f"{where} fail_if").text for one in found)


def _minutes(where: str, table: Mapping[str, object]) -> float | None:
    found = table.get("minutes")
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 < found <= _MOST_MINUTES:
        raise UsageError(f"{where} minutes: {found!r} is not a number above 0, and {_MOST_MINUTES:,} at most")
    return float(found)


def _whole_number(where: str, key: str, table: Mapping[str, object]) -> int:
    found = table[key]
    if not isinstance(found, int) or isinstance(found, bool):
        raise UsageError(f"{where} {key}: {found!r} is not a whole number")
    return found


def _block(where: str, table: dict[str, Any]) -> Block:
    _check_keys(where, table, _BLOCK_KEYS)
    block = _validate(where, _BLOCK, table).block()
    if not block.loads:
        raise UsageError(f"{where}: has no load; give users = [32] or arrivals_per_s = [100]")
    return block


def _check_keys(where: str, table: Mapping[str, object], known: frozenset[str]) -> None:
    for key in table:
        if key in _OLD_KEYS and key not in known and "rounds" in known:
            raise UsageError(f"{where} {key}: {_OLD_KEYS[key]}")
        if key not in known:
            raise UsageError(f"{where}: {unknown('key', key, known)}")


def _validate(where: str, kind: TypeAdapter[T], table: Mapping[str, object]) -> T:
    try:
        return kind.validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise UsageError(f"{where}: has no {place}") from None
        raise UsageError(f"{where} {place}: {explain_value(first, place)}") from None
