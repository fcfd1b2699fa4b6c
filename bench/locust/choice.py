"""Which classes of users run where nobody named any, and which ones tags leave."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Collection, Iterator, Sequence

from locust import User
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.event import Events
from locust.runners import WorkerRunner

from bench.errors import UsageError
from bench.locust.classes import JOURNEY, tags_of
from bench.locust.options import check_parsed
from scenarios import SCENARIOS
from scenarios.model import Scenario

log = logging.getLogger(__name__)


def scenario_of(kind: type[User]) -> Scenario | None:
    """The scenario of a class of users; None of a class from another locustfile."""
    return getattr(kind, "scenario", None)


def usual(classes: Sequence[type[User]]) -> list[type[User]]:
    """The classes that run unless others are named: journeys, of a user's own scenarios where there are any.

    Without a journey among a user's own scenarios, all of these run.
    """
    own = [kind for kind in classes if not _is_shipped(kind)] or list(classes)
    return [kind for kind in own if _is_journey(kind)] or own


def tagged(
    classes: Sequence[type[User]], tags: Collection[str], exclude_tags: Collection[str]
) -> list[type[User]]:
    """The classes that have one of the tags, where there are any, and none of those to exclude."""
    left = [kind for kind in classes if not _tags(kind) & set(exclude_tags)]
    return [kind for kind in left if _tags(kind) & set(tags)] if tags else left


def install(events: Events) -> None:
    """Choose the classes of a test run, and let the requests under way at Stop come to their end."""
    events.init_command_line_parser.add_listener(_check_tags)
    events.init.add_listener(_choose)
    events.test_start.add_listener(_warn_of_few)


def _check_tags(parser: LocustArgumentParser, **_: object) -> None:
    def check(parsed: Namespace) -> None:
        kinds = [kind for kind in _all_below(User) if not kind.abstract]
        named = [kind for kind in kinds if kind.__name__ in parsed.user_classes] or kinds
        if not tagged(named, parsed.tags or (), parsed.exclude_tags or ()):
            known = sorted(frozenset().union(*map(_tags, named)))
            raise UsageError(f"--tags and --exclude-tags leave no user class; tags are: {', '.join(known)}")

    check_parsed(parser, check)


def _all_below(kind: type[User]) -> Iterator[type[User]]:
    for below in kind.__subclasses__():
        yield below
        yield from _all_below(below)


def _choose(environment: Environment, **_: object) -> None:
    options, available = environment.parsed_options, environment.available_user_classes
    if options is None or not available:
        return
    kinds: list[type[User]] = list(available.values())  # type: ignore[arg-type] # they are classes, not users
    if isinstance(
        environment.runner, WorkerRunner
    ):  # its master names users of any class, but those it left out
        environment._tasks_filtered = True
        return
    left = tagged(kinds, options.tags or (), options.exclude_tags or ())
    if options.user_classes:
        chosen = [kind for kind in left if kind.__name__ in options.user_classes]
    else:
        chosen = left if options.tags else usual(left)
    in_order = dict.fromkeys([*chosen, *left])
    environment.available_user_classes = {kind.__name__: kind for kind in in_order}  # type: ignore[misc]
    environment.user_classes = chosen
    for kind in kinds:
        kind.host = environment.host or kind.host


def _warn_of_few(environment: Environment, **_: object) -> None:
    """Say that classes get no user; Locust gives those there are to the heaviest, then to the first by the alphabet."""
    runner, classes = environment.runner, environment.user_classes
    if runner is None or isinstance(runner, WorkerRunner) or environment.shape_class is not None:
        return
    if runner.target_user_count < len(classes):
        log.warning(
            "%d of %d user classes get no user: start more users, or name fewer classes",
            len(classes) - runner.target_user_count,
            len(classes),
        )


def _tags(kind: type[User]) -> frozenset[str]:
    scenario = scenario_of(kind)
    return frozenset() if scenario is None else tags_of(scenario)


def _is_journey(kind: type[User]) -> bool:
    return JOURNEY in _tags(kind)


def _is_shipped(kind: type[User]) -> bool:
    scenario = scenario_of(kind)
    return scenario is not None and SCENARIOS.get(scenario.name) is scenario
