"""The conditions of two measurements: where they differ, two figures may differ for another reason than the code.

What the figures hang on must be the same: the machine, the interpreter, the app's settings, the setup, the load. What
one compares, or what drifts on any machine that is kept up to date, is only told: packages, kernel, commit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from bench.errors import UsageError, unknown
from bench.model.plan import Load
from bench.model.record import Run
from bench.results.siblings import mapping, setup_facts

MISSING = "missing"
EVERYTHING = "all"
_MACHINE = ("cpu_model", "cores", "governor", "virtualisation", "system", "machine", "python")
FIELDS = (*_MACHINE, "cpus", "environment", "setup", "load", MISSING, EVERYTHING)
"""What a user may name to have two things compared that differ in it."""

_TOLD = ("kernel", "compiler")
_NAMES_ALONE = ("name", "about")
_MOST_SAID = 4
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not alike: the field it belongs to, one of FIELDS, or None where it is only told."""

    field: str | None
    what: str
    base: str
    new: str

    @property
    def text(self) -> str:
        """`cores: 2 before, 4 now`."""
        return f"{self.what}: {self.base} before, {self.new} now"


def of_runs(base: Run, new: Run, setups: Iterable[str]) -> tuple[Difference, ...]:
    """How two runs differ in machine, environment, packages and these setups.

    A field that one run does not have is left out, as older runs have fewer; of the machine it is told.
    """
    before, after = mapping(base.facts.get("host")), mapping(new.facts.get("host"))
    return (
        *_machine(before, after),
        *_common("cpus", _counted(base.facts.get("cpus")), _counted(new.facts.get("cpus"))),
        *_environment(mapping(base.facts.get("environment")), mapping(new.facts.get("environment"))),
        *_setups(base, new, setups),
        *_common(None, mapping(before.get("versions")), mapping(after.get("versions"))),
        *_common(None, _commit(before), _commit(after)),
    )


def of_machines(base: Mapping[str, object], new: Mapping[str, object]) -> tuple[Difference, ...]:
    """How two machines differ, as pytest-benchmark describes them in its `machine_info`."""
    return tuple(_machine(_described(base), _described(new)))


def of_loads(base: Load, new: Load) -> tuple[Difference, ...]:
    """How two loads differ, field by field; an open load and a closed one have nothing in common."""
    if base.kind != new.kind:
        return (Difference("load", "load", base.label, new.label),)
    return tuple(_common("load", asdict(base), asdict(new)))


def check(differences: Iterable[Difference], despite: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each difference that is only told, or borne because `despite` names its field.

    Raises UsageError that names the others with both values, and for a name that is none of FIELDS.
    """
    borne = tuple(despite)
    for name in borne:
        if name not in FIELDS:
            raise unknown("field", name, FIELDS)
    found = list(dict.fromkeys(differences))
    refused = [one for one in found if one.field and not bears(borne, one.field)]
    if refused:
        raise UsageError(_refusal(refused))
    return tuple(f"The two differ in {one.text}." for one in found)


def bears(despite: Iterable[str], field: str) -> bool:
    """Whether a difference in this field is to be borne."""
    return not {field, EVERYTHING}.isdisjoint(despite)


def _refusal(refused: list[Difference]) -> str:
    said = [one.text for one in refused[:_MOST_SAID]]
    more = [f"and {len(refused) - _MOST_SAID} more"] if len(refused) > _MOST_SAID else []
    options = " ".join(dict.fromkeys(f"--despite {one.field}" for one in refused))
    return f"not comparable: {'; '.join([*said, *more])} ({options} compares all the same)"


def _machine(base: Mapping[str, object], new: Mapping[str, object]) -> Iterable[Difference]:
    for name in _MACHINE:
        old, young = _only(base, name), _only(new, name)
        yield from _common(name, old, young)
        if base and new and bool(old) != bool(young):
            yield Difference(None, name, *(_said(one.get(name, _UNKNOWN)) for one in (old, young)))
    for name in _TOLD:
        yield from _common(None, _only(base, name), _only(new, name))


def _only(facts: Mapping[str, object], name: str) -> Mapping[str, object]:
    return {name: facts[name]} if facts.get(name, _UNKNOWN) != _UNKNOWN else {}


def _counted(cpus: object) -> Mapping[str, object]:
    """How many CPUs the server and the generator had: which ones they were is luck on most machines."""
    return {
        f"CPUs of the {side}": len(found)
        for side, found in mapping(cpus).items()
        if isinstance(found, list | tuple)
    }


def _environment(base: Mapping[str, object], new: Mapping[str, object]) -> Iterable[Difference]:
    if not (base and new):
        return
    yield from _any("environment", mapping(base.get("settings")), mapping(new.get("settings")))
    yield from _common("environment", {"a .env file": base.get("dotenv")}, {"a .env file": new.get("dotenv")})


def _setups(base: Run, new: Run, names: Iterable[str]) -> Iterable[Difference]:
    before, after = setup_facts(base), setup_facts(new)
    for name in names:
        if name not in before or name not in after:
            continue
        old, young = (
            {f"setup '{name}': {key}": facts[key] for key in facts if key not in (*_NAMES_ALONE, "env")}
            for facts in (before[name], after[name])
        )
        yield from _common("setup", old, young)
        old, young = (
            {f"setup '{name}': {key}": value for key, value in mapping(facts.get("env")).items()}
            for facts in (before[name], after[name])
        )
        yield from _any("setup", old, young)


def _common(field: str | None, base: Mapping[str, object], new: Mapping[str, object]) -> Iterable[Difference]:
    """Differences in what both say: an older run may not know of a field at all."""
    return _any(
        field,
        {name: base[name] for name in base if name in new},
        {name: new[name] for name in new if name in base},
    )


def _any(field: str | None, base: Mapping[str, object], new: Mapping[str, object]) -> Iterable[Difference]:
    """Differences in what either says: here, what is not there was not set."""
    for name in dict.fromkeys([*base, *new]):
        old, young = (_said(facts[name]) if name in facts else "not set" for facts in (base, new))
        if old != young:
            yield Difference(field, str(name), old, young)


def _said(value: object) -> str:
    """A value of a run's facts, which are read from JSON, or are still what JSON will be made of."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _commit(host: Mapping[str, object]) -> Mapping[str, object]:
    git = mapping(host.get("git"))
    changed = " with changes" if git.get("dirty") else ""
    return {"commit": f"{str(git['commit'])[:12]}{changed}"} if "commit" in git else {}


def _described(machine: Mapping[str, object]) -> Mapping[str, object]:
    cpu = mapping(machine.get("cpu"))
    named = {
        "cpu_model": cpu.get("brand_raw"),
        "cores": cpu.get("count"),
        "system": machine.get("system"),
        "machine": machine.get("machine"),
        "python": " ".join(
            str(machine[key]) for key in ("python_implementation", "python_version") if key in machine
        ),
        "kernel": machine.get("release"),
        "compiler": machine.get("python_compiler"),
    }
    return {name: value for name, value in named.items() if value}
