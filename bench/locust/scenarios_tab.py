"""A tab with what each class of users does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from locust import User
from locust.env import Environment
from locust.event import Events

from bench.locust.choice import scenario_of
from bench.locust.classes import tags_of
from bench.locust.tabs import TabRow, add_tab
from bench.plan.thresholds import request_names

_COLUMNS = {
    "user": "User class",
    "about": "About",
    "group": "Group",
    "variant": "Variant",
    "tags": "Tags",
    "requests": "Requests of its sessions",
}
_UNKNOWN = "seen as they run: they depend on the answers"


def rows_of(classes: Iterable[type[User]], known: Mapping[str, frozenset[str]]) -> Iterator[TabRow]:
    """A row for each class with a scenario; its requests are those known ahead, and those that this process sent."""
    for kind in classes:
        scenario = scenario_of(kind)
        if scenario is None:
            continue
        names = known.get(scenario.name, frozenset()) | getattr(kind, "labels", frozenset())
        yield {
            "user": kind.__name__,
            "about": scenario.about,
            "group": scenario.group,
            "variant": scenario.variant,
            "tags": ", ".join(sorted(tags_of(scenario))),
            "requests": ", ".join(sorted(names)) or _UNKNOWN,
        }


def install(events: Events) -> None:
    """Add the tab to the web UI."""
    events.init.add_listener(_add)


def _add(environment: Environment, **_: object) -> None:
    if environment.web_ui is None:
        return
    kinds: list[type[User]] = list((environment.available_user_classes or {}).values())  # type: ignore[arg-type]
    scenarios = [scenario for kind in kinds if (scenario := scenario_of(kind)) is not None]
    known = {one.name: names for one in scenarios if (names := request_names(one)) is not None}
    add_tab(environment, "Scenarios", _COLUMNS, lambda: list(rows_of(kinds, known)))
