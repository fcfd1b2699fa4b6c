"""Which setups differ in one thing only, from the facts of a run: such pairs show what that thing brings."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

from bench.model.facts import PlanFacts, SetupFacts

# What says nothing about what a setup is: its name, where it runs, how long we wait for it.
_IRRELEVANT = frozenset({"name", "about", "cpus", "cwd", "ready_within_s", "carry"})


def siblings(plan: PlanFacts, attribute: str, names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Sets of two or more of these setups alike in everything but the attribute, in the given order."""
    families: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        if attribute in plan.setup(name).fields:
            families[_likeness(plan.setup(name), attribute)].append(name)
    found = (tuple(family) for family in families.values())
    return tuple(
        family for family in found if len({str(plan.setup(name).fields[attribute]) for name in family}) > 1
    )


def feature_setups(plan: PlanFacts) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Setups of which others differ in nothing but more environment and services, with those others."""
    setups = plan.setups
    found = (
        (base, tuple(name for name in setups if _extends(setups[name], setups[base]))) for base in setups
    )
    return tuple((base, others) for base, others in found if others)


def _extends(setup: SetupFacts, base: SetupFacts) -> bool:
    more, less = set(setup.env.items()), set(base.env.items())
    return less < more and _likeness(setup, "env", "services") == _likeness(base, "env", "services")


def _likeness(setup: SetupFacts, *attributes: str) -> str:
    rest = {key: value for key, value in setup.fields.items() if key not in (*_IRRELEVANT, *attributes)}
    return json.dumps(rest, sort_keys=True, default=str)
