"""A row of its own for the times of sessions that were due: from when their first request should have left.

Locust's own row of a request counts from the moment it was sent, so that a server which keeps users waiting looks the
better for it. The row next to it has the same method, and its name says what it is; it is in all of Locust's tables and
files, and workers report it like any other. The total leaves it out, as its requests are counted once.
"""

from __future__ import annotations

from typing import Any

from locust.env import Environment
from locust.event import Events

SUFFIX = " (from the intended start)"


def install(events: Events) -> None:
    """Watch the requests whose context says when they were intended: `intended_s`, in seconds since the epoch."""
    events.init.add_listener(_watch)


def _watch(environment: Environment, **_: object) -> None:
    def count(
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int,
        exception: object = None,
        start_time: float | None = None,
        context: Any = None,
        **_: object,
    ) -> None:
        intended_s = context.get("intended_s") if context else None
        if intended_s is None or start_time is None or response_time is None:
            return
        entry = environment.stats.get(name + SUFFIX, request_type)
        late_ms = max(0.0, start_time - intended_s) * 1000
        entry.log(response_time + late_ms, response_length)
        if exception:
            entry.log_error(None)

    environment.events.request.add_listener(count)
