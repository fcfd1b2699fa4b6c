"""Users of Locust whose requests the native engine sends: Locust's form, charts and fleet, our generator's rate.

A `NativeUser` of Locust only counts: each process has one generator process for each class, with a connection for each
user, and the generator's rows go into Locust's statistics as they come.
"""

from __future__ import annotations

import inspect
import itertools
import logging
import os
from collections.abc import Callable
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, ClassVar

import gevent
from gevent import GreenletExit
from gevent.event import Event
from locust import User, task
from locust.env import Environment
from locust.exception import StopUser

from bench.engines.job import DRAIN_S, Job
from bench.engines.locust_transport import address_of
from bench.errors import EngineError, UsageError
from bench.locust.native_crowd import CrowdOrder, NativeCrowd
from bench.locust.options import read
from bench.locust.recording import RUN, SPOOL
from bench.locust.spool import sample_path
from bench.model.plan import ClosedLoad
from scenarios import SCENARIOS
from scenarios.model import Flow, Scenario

log = logging.getLogger(__name__)
_MADE_IN = "bench.locust.classes"
_numbers = itertools.count(1)


class NativeUser(User):
    """A user who repeats the sessions of one scenario by the native engine.

    Sessions start as the options of the test run say, or else `think_seconds` after each other on average, or every
    `pace_seconds` where that is not 0. A rate is shared out among the users evenly. A request fails when it has no
    answer after `network_timeout` seconds. `labels` are those of the requests that users of a class sent.
    """

    abstract = True
    host: str | None = "http://127.0.0.1:8000"
    scenario: Scenario
    network_timeout: float = 60.0
    think_seconds: float = 0.0
    pace_seconds: float = 0.0
    crowds: ClassVar[dict[type[User], NativeCrowd]] = {}
    listens: ClassVar[bool] = False
    labels: ClassVar[set[str]] = set()

    @classmethod
    def json(cls) -> dict[str, Any]:
        """The fields that the gear of the class picker shows, and sets."""
        names = ("think_seconds", "pace_seconds", "network_timeout")
        return {**super().json(), **{name: getattr(cls, name) for name in names}}

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.stopping = Event()

    @task
    def stay(self) -> None:
        """Be there, as one of the generator's users, until the stop."""
        crowd = self._find_crowd()
        crowd.enter()
        try:
            gevent.wait([self.stopping, crowd.over], count=1)
        except GreenletExit:
            crowd.leave(at_once=True)
            raise
        crowd.leave()
        raise StopUser

    def session(self, _function: Callable[[Random], Flow]) -> None:
        """The task of a class that is made of a scenario, whose flow the generator has."""
        self.stay()

    def stop(self, force: bool = False) -> bool:
        """Ask the user to end after the request under way, for which a stop by force gives a few seconds, too."""
        self.stopping.set()
        if force and self.greenlet is not None:
            self.greenlet.join(DRAIN_S)
        return bool(super().stop(force))

    def _find_crowd(self) -> NativeCrowd:
        """The crowd of this class, a new one where there is none or all have left the last; none comes after a failure.

        With the end of the test failures are forgotten.
        """
        kind = type(self)
        if not NativeUser.listens:
            NativeUser.listens = True
            self.environment.events.test_stop.add_listener(lambda **_: self.crowds.clear())
        crowd = self.crowds.get(kind)
        if crowd is None or (crowd.over.is_set() and not crowd.has_failed):
            crowd = self.crowds[kind] = NativeCrowd(self._order(), self.environment.stats, self._complain)
        return crowd

    def _order(self) -> CrowdOrder:
        return CrowdOrder(
            job=self._job, every_s=self._every_s, samples=self._samples, labels=type(self).labels
        )

    def _samples(self) -> Path | None:
        """A new file in the spool for a test that is recorded; None where nobody wants the rows."""
        if not self._given(RUN) or not Path(self._given(SPOOL)).is_dir():
            return None
        process = f"native-{os.getpid()}-{next(_numbers)}"
        return sample_path(Path(self._given(SPOOL)), self._given(RUN), process, self.scenario.name)

    def _given(self, name: str) -> Any:
        """One of Locust's options, as its master sent it; None where there is none."""
        return getattr(self.environment.parsed_options, name, None)

    def _think_s(self) -> float:
        """The mean pause between two sessions, without a pace."""
        options = read(self.environment)
        return (self.think_seconds or 0.0) if options.think_s is None else options.think_s

    def _every_s(self) -> float:
        """The pace of each user, at the moment; 0 where sessions follow each other."""
        options, runner = read(self.environment), self.environment.runner
        if options.rate_per_s is not None:
            parts = max(1, int(self._given("bench_parts") or 1))
            return max(1, runner.user_count if runner else 1) * parts / options.rate_per_s
        if options.think_s is not None:
            return 0.0
        return options.pace_s or self.pace_seconds or 0.0

    def _job(self, samples: Path) -> Job:
        """The job of the generator. Raises UsageError for a class that it cannot work for."""
        kind = type(self)
        _check(kind)
        if self._given("bench_sheds"):
            raise UsageError(
                "open arrivals leave out sessions for which no user is free, which its generator does not: "
                "use --client fast, or --rate without a shape"
            )
        scenarios_file, user_class = _source(kind)
        try:
            address = address_of(
                self.host or "",
                verifies=False,
                ca=os.environ.get("BENCH_CA", ""),
                http2=os.environ.get("BENCH_HTTP2") == "1",
            )
        except ValueError as error:
            raise UsageError(f"the host {self.host} is not a URL: {error}") from None
        return Job(
            address,
            self.scenario.name,
            ClosedLoad(0, duration_s=0, warmup_s=0, think_s=self._think_s(), timeout_s=self.network_timeout),
            samples,
            seed=SystemRandom().getrandbits(64),
            scenarios_file=scenarios_file,
            timeout_s=self.network_timeout,
            user_class=user_class,
        )

    def _complain(self, problem: str) -> None:
        """Show why the generator of this class cannot go on; its users end."""
        sentence = f"{type(self).__name__}: {problem}"
        log.error("%s", sentence)
        self.environment.process_exit_code = 1
        self.environment.events.user_error.fire(user_instance=self, exception=EngineError(sentence), tb=None)


def _check(kind: type[NativeUser]) -> None:
    """Raise UsageError for a class with tasks or times of Locust's, which the generator knows nothing of."""
    if kind.wait_time is not User.wait_time:
        raise UsageError(
            "wait_time is Locust's, which its generator does not see; give think_seconds or pace_seconds"
        )
    if kind.__module__ != _MADE_IN and {*kind.tasks} != {NativeUser.stay}:
        raise UsageError(
            "it has tasks of its own, which only Locust could run; put its requests into the scenario"
        )
    if not isinstance(getattr(kind, "scenario", None), Scenario):
        raise UsageError("it has no scenario; give it one, as `scenario = Scenario('name', flow)`")


def _source(kind: type[NativeUser]) -> tuple[Path | None, str]:
    """The file that has a class's scenario, None for ours, and the class, where it is a locustfile of the user's."""
    if SCENARIOS.get(kind.scenario.name) is kind.scenario:
        return None, ""
    if kind.__module__ == _MADE_IN:
        return Path(os.environ["BENCH_SCENARIOS"]).absolute(), ""
    return Path(inspect.getfile(kind)).absolute(), kind.__name__
