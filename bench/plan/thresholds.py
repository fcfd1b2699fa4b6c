"""Whether the limits of a plan (`fail_if`) speak of what it measures, before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from random import Random
from typing import Any

from bench.errors import unknown
from bench.model.plan import Plan
from bench.stats.conditions import parse_threshold, split_scope
from scenarios.model import Response, Scenario, drive

_SESSIONS, _MOST_REQUESTS, _MOST_PAUSES = 300, 200, 1000


def check_thresholds(plan: Plan, scenarios: Mapping[str, Scenario]) -> None:
    """Raise UsageError, with a guess, for a scenario that the plan does not measure, or a request it never makes."""
    planned = list(dict.fromkeys(name for block in plan.blocks for name in block.scenarios))
    for text in plan.fail_if:
        scope = parse_threshold(text).scope
        if not scope:
            continue
        name, request = split_scope(scope, planned)
        known = None if request is None else request_names(scenarios[name])
        if request is not None and known is not None and request not in known:
            raise unknown(f"request of '{name}'", request, known)


def request_names(scenario: Scenario) -> frozenset[str] | None:
    """The names of a scenario's requests, from sessions without a server.

    None where that cannot tell: its flow reads answers, does not end, or cannot be called on its own.
    """
    found: set[str] = set()
    try:
        for seed in range(_SESSIONS):
            session = drive(scenario.session(Random(seed)), lambda request: _Unread(0, b""), _Pauses())
            requests = [request for request, _ in islice(session, _MOST_REQUESTS + 1)]
            if len(requests) > _MOST_REQUESTS:
                return None
            found |= {request.label for request in requests}
    except (_Unknown, Exception):  # a flow is anyone's code: what it raises says nothing of its names
        return None
    return frozenset(found)


class _Unknown(BaseException):
    """Ends a walk that says nothing; what handles every `Exception` of a flow does not hold it back."""


class _Unread(Response):
    """An answer that nobody may look at: which requests come after it would depend on it."""

    def __getattribute__(self, name: str) -> Any:
        raise _Unknown


class _Pauses:
    """Skips the pauses of a session, of which there are not too many."""

    def __init__(self) -> None:
        self._left = _MOST_PAUSES

    def __call__(self, seconds: float) -> None:
        self._left -= 1
        if self._left < 0:
            raise _Unknown
