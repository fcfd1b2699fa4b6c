"""Arrivals of sessions that all users of a process share, and its part of the rate that a test run wants."""

from __future__ import annotations

from random import Random
from weakref import WeakKeyDictionary

from locust.env import Environment
from locust.event import Events
from locust.runners import WorkerRunner
from locust.stats import RequestStats, StatsError

from bench.locust.options import read
from bench.locust.timetable import Arrivals

SHED_NAME = "sessions that arrived"
"""The row of failures that counts sessions which found no user free."""
_SHED = "shed: no user was free"
_arrivals: WeakKeyDictionary[Environment, Arrivals] = WeakKeyDictionary()


class SharedArrivals:
    """Arrivals as one of a process's users sees them: `environment` says at which rate they come."""

    are_due = True

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def next_s(self, now_s: float) -> float:
        """The arrival that a user who is free takes; what is shed until then is counted as failures."""
        arrivals = arrivals_of(self._environment)
        before = arrivals.shed
        due_s = arrivals.next_s(now_s)
        for _ in range(arrivals.shed - before):
            _count_shed(self._environment.stats)
        return due_s

    def give_back(self, due_s: float) -> None:
        """Leave an arrival to another user, as the one that took it ends."""
        arrivals_of(self._environment).give_back(due_s)


def arrivals_of(environment: Environment) -> Arrivals:
    """The arrivals of this process, which makes an equal part of the rate with each other worker."""
    if environment not in _arrivals:
        given = vars(environment.parsed_options)
        parts = max(1, given.get("bench_parts", 1))
        rate_per_s = read(environment).rate_per_s or 1.0
        sheds = given.get("bench_sheds", False)
        _arrivals[environment] = Arrivals(rate_per_s / parts, Random(), sheds=sheds)
    return _arrivals[environment]


def install(events: Events) -> None:
    """Begin anew with each test run, whose number of workers the master hands on with its options."""
    events.test_start.add_listener(_begin)


def _count_shed(stats: RequestStats) -> None:
    """Count a failure that no request had: it has a row of its own, and leaves the total alone."""
    stats.get(SHED_NAME, "").log_error(None)
    key = StatsError.create_key("", SHED_NAME, _SHED)
    stats.errors.setdefault(key, StatsError("", SHED_NAME, _SHED)).occurred()


def _begin(environment: Environment, **_: object) -> None:
    _arrivals.pop(environment, None)
    runner, options = environment.runner, environment.parsed_options
    if options is not None and not isinstance(runner, WorkerRunner):
        options.bench_parts = getattr(runner, "worker_count", 1)
        options.bench_sheds = getattr(environment.shape_class, "sheds", False)
