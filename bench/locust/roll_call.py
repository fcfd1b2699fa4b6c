"""A worker whose master asks for users of a class that it does not have says so, on both sides.

Locust's own would fail with a KeyError, and the master would wait for users who never come.
"""

from __future__ import annotations

import logging
from typing import Any

from locust.env import Environment
from locust.event import Events
from locust.runners import WorkerRunner

from bench.errors import EngineError

log = logging.getLogger(__name__)


def install(events: Events) -> None:
    """Look at what a master asks a worker for before its users start."""
    events.init.add_listener(_look_first)


def _look_first(environment: Environment, runner: object, **_: object) -> None:
    if not isinstance(runner, WorkerRunner):
        return
    start_worker = runner.start_worker

    def start_known(user_classes_count: dict[str, int], **more: Any) -> None:
        known = environment.user_classes_by_name
        lacking = [name for name, count in user_classes_count.items() if count and name not in known]
        if lacking:
            _complain(environment, lacking)
        start_worker({name: count for name, count in user_classes_count.items() if name in known}, **more)

    runner.start_worker = start_known  # type: ignore[method-assign]


def _complain(environment: Environment, lacking: list[str]) -> None:
    names = f"{', '.join(lacking[:3])}{', ...' if lacking[3:] else ''}"
    sentence = (
        f"the master asks for users of {names}, which this worker does not have: "
        "start it with the --scenarios that the master has"
    )
    log.error("%s", sentence)
    environment.process_exit_code = 1
    environment.events.user_error.fire(user_instance=None, exception=EngineError(sentence), tb=None)
