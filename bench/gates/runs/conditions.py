"""The conditions of two measurements: where they differ, two figures may differ for another reason than the code.

What the figures hang on must be the same: the machine, the interpreter, the app's settings, the setup, the load. What
one compares, or what drifts on any machine that is kept up to date, is only mentioned: packages, kernel, commit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from bench.errors import UsageError, unknown
from bench.model import machine
from bench.model.facts import (
    CpuFacts,
    EnvironmentFacts,
    HostFacts,
    PlanFacts,
    RunFacts,
    read_host,
)
from bench.model.plan import Load
from bench.model.service import GitFacts, service_of

MISSING = "missing"
EVERYTHING = "all"
FIELDS = (*machine.OF_RUNS, "cpus", "environment", "setup", "load", MISSING, EVERYTHING)
"""Conditions that --despite may name, so that two measurements that differ in them are compared all the same."""

_APART = ("name", "about", "env", "cwd", "python", "ready_within_s", "carry")
"""Of a setup: what says nothing of what is measured; its environment and its interpreter are compared apart."""
_MOST_SAID, _MOST_PACKAGES = 4, 8


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: its field, one of FIELDS, or None where it is only mentioned; and both values."""

    field: str | None
    what: str
    base: str
    head: str

    @property
    def text(self) -> str:
        """`cores: 2 before, 4 now`."""
        return f"{self.what}: {self.base} before, {self.head} now"


def of_runs(base: RunFacts, head: RunFacts, setups: Iterable[str]) -> tuple[Difference, ...]:
    """How two runs differ in machine, environment, these setups, the services that they run, and the harness.

    A field that one run does not have is left out, as older runs have fewer; of the machine it is mentioned.
    """
    base_host, head_host, setups = base.host, head.host, tuple(setups)
    return (
        *_machine(base_host, head_host),
        *_common("cpus", _cpu_counts(base.cpus), _cpu_counts(head.cpus)),
        *_environment(base.environment, head.environment),
        *_setups(base.plan, head.plan, setups),
        *_services(base, head, setups),
        *_harness(base, head),
    )


def of_machines(base: Mapping[str, object], head: Mapping[str, object]) -> tuple[Difference, ...]:
    """How two machines differ, as pytest-benchmark describes them in its `machine_info`."""
    return tuple(_machine(_read_machine(base), _read_machine(head)))


def of_loads(base: Load, head: Load) -> tuple[Difference, ...]:
    """How two loads differ, field by field; an open load and a closed one have nothing in common."""
    if base.kind != head.kind:
        return (Difference("load", "load", base.label, head.label),)
    return tuple(_common("load", asdict(base), asdict(head)))


def check(differences: Iterable[Difference], despite: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each difference that is only mentioned, or accepted because `despite` names its field.

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


def _machine(base: HostFacts | None, head: HostFacts | None) -> Iterable[Difference]:
    if base is None or head is None:
        return
    in_base, in_head = (machine.known_facts(host, machine.OF_RUNS) for host in (base, head))
    for name in machine.OF_RUNS:
        one_sided = (name in in_base) != (name in in_head)
        sides = (_as_text(facts.get(name, machine.UNKNOWN)) for facts in (in_base, in_head))
        yield from _difference(None if one_sided else name, name, *sides)
    yield from _common(None, *(machine.known_facts(host, machine.MENTIONED) for host in (base, head)))


def _difference(field: str | None, name: str, base: str, head: str) -> Iterable[Difference]:
    return () if base == head else (Difference(field, name, base, head),)


def _cpu_counts(cpus: CpuFacts) -> Mapping[str, object]:
    """How many CPUs the server and the generator had: which ones they were is luck on most machines."""
    parts = {"server": cpus.server, "generator": cpus.generator, "harness": cpus.harness}
    return {f"CPUs of the {part}": len(numbers) for part, numbers in parts.items() if numbers is not None}


def _environment(base: EnvironmentFacts | None, head: EnvironmentFacts | None) -> Iterable[Difference]:
    if base is None or head is None:
        return
    yield from _any("environment", base.settings, head.settings)
    yield from _common("environment", {"a .env file": base.dotenv}, {"a .env file": head.dotenv})


def _setups(base: PlanFacts, head: PlanFacts, names: Iterable[str]) -> Iterable[Difference]:
    for name in names:
        if name in base.setups and name in head.setups:
            both = base.setups[name], head.setups[name]
            yield from _common("setup", *(_of_setup(name, one.fields, _APART) for one in both))
            yield from _any("setup", *(_of_setup(name, one.env) for one in both))


def _of_setup(name: str, fields: Mapping[str, object], but: tuple[str, ...] = ()) -> Mapping[str, object]:
    return {f"setup '{name}': {key}": value for key, value in fields.items() if key not in but}


def _common(
    field: str | None, base: Mapping[str, object], head: Mapping[str, object]
) -> Iterable[Difference]:
    """Differences in what both say: an older run may not know of a field at all."""
    return _any(
        field,
        {name: base[name] for name in base if name in head},
        {name: head[name] for name in head if name in base},
    )


def _any(field: str | None, base: Mapping[str, object], head: Mapping[str, object]) -> Iterable[Difference]:
    """Differences in what either says: here, what is not there was not set."""
    for name in dict.fromkeys([*base, *head]):
        sides = (_as_text(facts[name]) if name in facts else "not set" for facts in (base, head))
        yield from _difference(field, name, *sides)


def _as_text(value: object) -> str:
    """A value of a run's facts, which are read from JSON, or are still what JSON will be made of."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _services(base: RunFacts, head: RunFacts, setups: Iterable[str]) -> Iterable[Difference]:
    """How the services differ that both know of; each is named, as a run may have several."""
    for setup in setups:
        in_base, in_head = (service_of(setup, side.services_under_test) for side in (base, head))
        if in_base is None or in_head is None:
            continue
        of = f" of {in_head.name}"
        yield from _difference(None, "service", in_base.name, in_head.name)
        if in_base.python and in_head.python:
            yield from _difference("python", f"python{of}", in_base.python, in_head.python)
        yield from _common(None, _commit(in_base.git, of), _commit(in_head.git, of))
        yield from _packages(in_base.packages, in_head.packages, of)


def _packages(base: Mapping[str, str], head: Mapping[str, str], of: str) -> Iterable[Difference]:
    """All packages that differ, as one difference; where a side could not list them there is none."""
    names = [name for name in dict.fromkeys([*base, *head]) if base.get(name) != head.get(name)]
    if not (base and head and names):
        return
    more = f" and {len(names) - _MOST_PACKAGES} more" if len(names) > _MOST_PACKAGES else ""
    sides = (
        ", ".join(f"{name}=={one[name]}" if name in one else f"no {name}" for name in names[:_MOST_PACKAGES])
        for one in (base, head)
    )
    yield from _difference(None, f"packages{of}", *(f"{side}{more}" for side in sides))


def _harness(base: RunFacts, head: RunFacts) -> Iterable[Difference]:
    """The differences of the harness: it stands for what was measured where neither side names a service."""
    if base.host is None or head.host is None:
        return
    of = " of the harness" if base.services_under_test or head.services_under_test else ""
    yield from _common(None, *(_suffixed(side.host.versions, of) for side in (base, head) if side.host))
    yield from _common(None, _commit(base.host.git, of), _commit(head.host.git, of))


def _suffixed(facts: Mapping[str, object], words: str) -> Mapping[str, object]:
    return {f"{name}{words}": fact for name, fact in facts.items()}


def _commit(git: GitFacts | None, of: str) -> Mapping[str, object]:
    return {f"commit{of}": f"{git.commit[:12]}{' with changes' if git.dirty else ''}"} if git else {}


def _read_machine(told: Mapping[str, object]) -> HostFacts | None:
    """A machine as pytest-benchmark describes it; None where it says nothing of it."""
    cpu = told.get("cpu")
    known = cpu if isinstance(cpu, Mapping) else {}
    python = [str(told[key]) for key in ("python_implementation", "python_version") if key in told]
    facts = {
        "cpu_model": known.get("brand_raw"),
        "cores": known.get("count"),
        "system": told.get("system"),
        "machine": told.get("machine"),
        "python": " ".join(python),
        "kernel": told.get("release"),
        "compiler": told.get("python_compiler"),
    }
    named = {name: fact for name, fact in facts.items() if fact}
    return read_host(named) if named else None
