"""Classes of users, one a scenario, as Locust wants them in the names of a locustfile."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from random import Random
from typing import Any

from locust import User, tag

from bench.errors import unknown
from bench.locust.native_user import NativeUser
from bench.locust.user import FastScenarioUser, HttpScenarioUser
from scenarios.mix import Mix
from scenarios.model import Flow, Scenario

JOURNEY, COSTLY = "journey", "costly"
_CLIENTS: dict[str, type[User]] = {
    "fast": FastScenarioUser,
    "http": HttpScenarioUser,
    "native": NativeUser,
}
_THINK_S = 1.0
"""The mean pause of people between two sessions."""

Task = Callable[[Any], None]


def user_classes(
    scenarios: Iterable[Scenario], client: str, *, is_engine: bool = False
) -> dict[str, type[User]]:
    """A class of users for each scenario, by its name; names that differ only in case or in signs get a number.

    Their requests are sent by a client: `fast` is Locust's FastHttpUser, `http` its HttpUser, `native` our engine.
    A Mix has a task for each kind of session, with its weight; as the engine of a benchmark, and by ours, it plays its
    deck. Journeys of which another consists get users in its proportions. Raises UsageError.
    """
    if client not in _CLIENTS:
        raise unknown("client", client, _CLIENTS)
    base = _CLIENTS[client]
    made: dict[str, type[User]] = {}
    for scenario in scenarios:
        words = "".join(part.capitalize() for part in re.split(r"\W+|_", scenario.name))
        name, number = f"{words}User", 2
        while name in made:
            name, number = f"{words}{number}User", number + 1
        fields: dict[str, Any] = {"__doc__": scenario.about, "__module__": __name__, "scenario": scenario}
        fields["labels"] = set()
        if JOURNEY in tags_of(scenario) and not is_engine:
            fields["think_seconds"] = _THINK_S
        if not base.tasks:
            fields["tasks"] = dict(_tasks(scenario, in_parts=not is_engine))
        kind: type[User] = type(name, (base,), fields)
        made[name] = kind
        if base.tasks:
            kind.tasks = [task for task, _ in _tasks(scenario, in_parts=False)]
    _weigh(made.values())
    return made


def tags_of(scenario: Scenario) -> frozenset[str]:
    """Words that choose a scenario: its group and variant, its own tags, and whether it is costly."""
    words = {scenario.group, scenario.variant, *scenario.tags, COSTLY if scenario.costly else ""}
    return frozenset(words - {""})


def _weigh(classes: Collection[type[User]]) -> None:
    """Give journeys that a mixed journey consists of users in its proportions, and itself as many as all of them."""
    scenarios: dict[type[User], Scenario] = {kind: kind.scenario for kind in classes}  # type: ignore[attr-defined]
    journeys = {kind: one for kind, one in scenarios.items() if JOURNEY in tags_of(one)}
    for kind, scenario in journeys.items():
        if isinstance(scenario.session, Mix):
            weights = {flow: weight for weight, flow in scenario.session.parts}
            kind.weight = sum(weights.values())
            for part, other in journeys.items():
                part.weight = weights.get(other.flow, part.weight)


def _tasks(scenario: Scenario, *, in_parts: bool) -> Iterator[tuple[Task, int]]:
    """The tasks of a class, each with its weight."""
    if in_parts and isinstance(scenario.session, Mix):
        for weight, flow in scenario.session.parts:
            yield _task(getattr(flow, "__name__", "session"), flow, tags_of(scenario)), weight
    else:
        yield _task("session", scenario.session, tags_of(scenario)), 1


def _task(name: str, flow: Callable[[Random], Flow], tags: frozenset[str]) -> Task:
    def perform(user: Any) -> None:
        user.session(flow)

    perform.__name__ = name
    return tag(*tags)(perform)
