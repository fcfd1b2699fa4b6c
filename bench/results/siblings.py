"""Which setups differ in one thing only, from the facts of a run: such pairs show what that thing brings."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from bench.model.record import Run

Facts = Mapping[str, object]

# What a setup is called and where it is pinned to says nothing about what it is.
_IRRELEVANT = frozenset({"name", "about", "cpus"})


def mapping(thing: object) -> Facts:
    """The thing itself when it is a mapping, else an empty one: facts of old or cut-off runs have gaps."""
    return thing if isinstance(thing, Mapping) else {}


def setup_facts(run: Run) -> Mapping[str, Facts]:
    """What the run's plan says about each of its setups, by name."""
    setups = mapping(run.facts.get("plan")).get("setups")
    if isinstance(setups, (list, tuple)):
        setups = {str(mapping(setup).get("name")): setup for setup in setups}
    return {str(name): mapping(facts) for name, facts in mapping(setups).items()}


def siblings(run: Run, attribute: str, names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Sets of two or more of these setups alike in everything but the attribute, in the given order."""
    facts = setup_facts(run)
    families: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        if attribute in facts.get(name, {}):
            families[_likeness(facts[name], attribute)].append(name)
    found = (tuple(family) for family in families.values())
    return tuple(family for family in found if len({str(facts[name][attribute]) for name in family}) > 1)


def featured(run: Run) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Setups of which others differ in nothing but more environment and services, with those others."""
    facts = setup_facts(run)
    found = ((base, tuple(name for name in facts if _extends(facts[name], facts[base]))) for base in facts)
    return tuple((base, others) for base, others in found if others)


def _extends(setup: Facts, base: Facts) -> bool:
    more, less = (set(mapping(each.get("env")).items()) for each in (setup, base))
    return less < more and _likeness(setup, "env", "services") == _likeness(base, "env", "services")


def _likeness(setup: Facts, *attributes: str) -> str:
    rest = {key: setup[key] for key in setup if key not in _IRRELEVANT and key not in attributes}
    return json.dumps(rest, sort_keys=True, default=str)
