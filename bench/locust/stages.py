"""Stages of a test run, in which its users are constant, and a tab with the figures of each one.

Times and counts of a stage are what Locust's total gained in it. Those of workers come with their reports, so that a
stage has some of the last requests of the one before: as many as a report is late.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

from locust.env import Environment
from locust.event import Events
from locust.runners import WorkerRunner

from bench.locust.buckets import added_since, percentile_ms
from bench.locust.tabs import TabRow, add_tab

log = logging.getLogger(__name__)
_COLUMNS = {
    "stage": "Stage",
    "users": "Users",
    "seconds": "Seconds",
    "requests": "Requests",
    "rate": "Requests/s",
    "p50": "p50 (ms)",
    "p99": "p99 (ms)",
    "failures": "Failures",
    "verdict": "Objectives",
}


@dataclass(frozen=True, slots=True)
class TestStage:
    """A stage of a test run: `began_ns` by CLOCK_MONOTONIC."""

    name: str
    began_ns: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests, failures, and response times in buckets (ms), at a moment or of a stage."""

    requests: int = 0
    failures: int = 0
    times: Mapping[float, int] = field(default_factory=dict)

    def since(self, before: Counted) -> Counted:
        """What was counted after an earlier moment; all of it, where Locust began to count again in between."""
        if before.requests > self.requests:
            return self
        return Counted(
            self.requests - before.requests,
            self.failures - before.failures,
            added_since(self.times, before.times),
        )


@dataclass(slots=True)
class _Begun:
    """A stage, what was counted when it began, and what it came to when it ended."""

    stage: TestStage
    at_begin: Counted
    counted: Counted | None = None
    ended_ns: int = 0
    users: int = 0
    verdict: str = ""


_stages: WeakKeyDictionary[Environment, list[_Begun]] = WeakKeyDictionary()
_conclusions: WeakKeyDictionary[Environment, str] = WeakKeyDictionary()


def stages_of(environment: Environment) -> tuple[TestStage, ...]:
    """The stages of the test run so far; a worker knows none."""
    return tuple(one.stage for one in _stages.get(environment, ()))


def begin_stage(environment: Environment, name: str) -> None:
    """End the stage before, if there is one, and begin another."""
    end_stage(environment)
    begun = _Begun(TestStage(name, time.monotonic_ns()), _count(environment))
    _stages.setdefault(environment, []).append(begun)


def end_stage(environment: Environment) -> None:
    """End the last stage, unless it has ended."""
    begun = _stages.get(environment, [])
    if begun and begun[-1].counted is None:
        last = begun[-1]
        last.counted = counted_in(environment)
        last.users = environment.runner.user_count if environment.runner else 0
        last.ended_ns = time.monotonic_ns()


def counted_in(environment: Environment) -> Counted:
    """What the last stage came to until now."""
    return _count(environment).since(_stages[environment][-1].at_begin)


def judge(environment: Environment, verdict: str) -> None:
    """Say of the last stage whether it held its objectives."""
    _stages[environment][-1].verdict = verdict


def conclude(environment: Environment, sentence: str) -> None:
    """Say what came of all stages: in the log, and below the last one."""
    log.warning(sentence)
    _conclusions[environment] = sentence


def rows_of(environment: Environment) -> list[TabRow]:
    """A row for each stage so far, and one for what came of them."""
    rows = [_row(environment, one) for one in _stages.get(environment, ())]
    sentence = _conclusions.get(environment)
    return [*rows, {"stage": sentence}] if sentence else rows


def install(events: Events) -> None:
    """Note the stages of each test run, and show them."""
    events.init.add_listener(_add)


def _add(environment: Environment, **_: object) -> None:
    if isinstance(environment.runner, WorkerRunner):
        return

    def started(**_: object) -> None:
        begun = _stages.pop(environment, None)
        _conclusions.pop(environment, None)
        of_shape = environment.shape_class is not None and begun  # which began it before Locust counts from 0
        begin_stage(environment, begun[-1].stage.name if begun and of_shape else "users start")

    def spawned(user_count: int, **_: object) -> None:
        if environment.shape_class is None:
            begin_stage(environment, f"{user_count:,} user{'s' * (user_count != 1)}")

    def stopping(**_: object) -> None:
        end_stage(environment)

    environment.events.test_start.add_listener(started)
    environment.events.spawning_complete.add_listener(spawned)
    environment.events.test_stopping.add_listener(stopping)
    add_tab(environment, "Stages", _COLUMNS, lambda: rows_of(environment))


def _count(environment: Environment) -> Counted:
    total = environment.stats.total
    times = cast(dict[float, int], total.response_times)  # by bucket
    return Counted(total.num_requests, total.num_failures, dict(times))


def _row(environment: Environment, begun: _Begun) -> TabRow:
    counted = counted_in(environment) if begun.counted is None else begun.counted
    users = begun.users
    if begun.counted is None and environment.runner is not None:
        users = environment.runner.user_count
    seconds = ((begun.ended_ns or time.monotonic_ns()) - begun.stage.began_ns) / 1e9
    return {
        "stage": begun.stage.name,
        "users": users,
        "seconds": round(seconds, 1),
        "requests": counted.requests,
        "rate": round(counted.requests / seconds, 1) if seconds else 0.0,
        "p50": percentile_ms(counted.times, 0.5),
        "p99": percentile_ms(counted.times, 0.99),
        "failures": counted.failures,
        "verdict": begun.verdict,
    }
