"""Classes of users, one a scenario, as Locust wants them in the names of a locustfile."""

from __future__ import annotations

import re
from collections.abc import Iterable

from locust import User
from locust.env import Environment
from locust.event import Events

from bench.errors import unknown
from bench.locust.user import FastScenarioUser, HttpScenarioUser
from scenarios.model import Scenario

_CLIENTS: dict[str, type[User]] = {"fast": FastScenarioUser, "http": HttpScenarioUser}
_STOP_S = 10.0
"""The time that the requests under way at Stop have for their answers, unless --stop-timeout says otherwise."""


def user_classes(scenarios: Iterable[Scenario], client: str) -> dict[str, type[User]]:
    """A class of users for each scenario, by its name; names that differ only in case or in signs get a number.

    Their requests are sent by a client: `fast` is Locust's FastHttpUser, `http` its HttpUser. Raises UsageError.
    """
    if client not in _CLIENTS:
        raise unknown("client", client, _CLIENTS)
    made: dict[str, type[User]] = {}
    for scenario in scenarios:
        words = "".join(part.capitalize() for part in re.split(r"\W+|_", scenario.name))
        name, number = f"{words}User", 2
        while name in made:
            name, number = f"{words}{number}User", number + 1
        fields = {"__doc__": scenario.about, "__module__": __name__, "scenario": scenario}
        made[name] = type(name, (_CLIENTS[client],), fields)
    return made


def install(events: Events) -> None:
    """Let the requests under way at Stop come to their end, where nobody gave another time."""
    events.init.add_listener(_wait_at_stop)


def _wait_at_stop(environment: Environment, **_: object) -> None:
    environment.stop_timeout = environment.stop_timeout or _STOP_S
