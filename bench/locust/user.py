"""Users who repeat the sessions of a scenario, with either of Locust's HTTP clients, by hand and in a benchmark."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from gevent import GreenletExit
from gevent.event import Event
from gevent.lock import RLock
from locust import HttpUser, User
from locust.contrib.fasthttp import FastHttpUser
from locust.env import Environment
from locust.exception import CatchResponseError, StopUser
from locust.user.task import LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING

from bench.engines.job import Job, read_job
from bench.engines.locust_transport import Transport, channel_for, channel_to
from bench.locust.arrivals import SharedArrivals
from bench.locust.options import read
from bench.locust.timetable import SteadyPace, ThinkTimes, Timetable
from scenarios import seats
from scenarios.mistakes import ScenarioError, explain_error, open_flow
from scenarios.model import Flow, Request, Response, Scenario, drive
from scenarios.session import begin

log = logging.getLogger(__name__)
_SHOWN_BYTES = 80
"""Of the first wrong answer of each kind, in the web UI: a row for each answer would have no end."""


def _job() -> Job | None:
    """The job of a benchmark; None in the web UI."""
    path = os.environ.get("BENCH_JOB")
    return read_job(Path(path)) if path else None


class ScenarioUser(User):
    """A user who repeats the sessions of one scenario, sends each request once, and counts wrong responses as failures.

    A request fails when it has no answer after `network_timeout` seconds. `under_way` holds, for each waiting user, the
    time it sent its request (seconds since the epoch); `pauses` counts pauses in sessions; `labels` are those of the
    requests that users of this class sent.
    Seeds are the same in each benchmark with the same seed, and random in the web UI. There sessions start as the
    options of the test run say, or else `think_seconds` after each other, or every `pace_seconds` where that is not 0.
    """

    abstract = True
    host = "http://127.0.0.1:8000"
    scenario: Scenario
    think_seconds: float = 0.0
    pace_seconds: float = 0.0
    client: Any
    is_fast: ClassVar[bool]
    network_timeout = connection_timeout = 60.0
    job: ClassVar[Job | None] = _job()
    seeds: ClassVar[Random] = Random(job.seed if job else None)
    under_way: ClassVar[dict[int, float]] = {}
    is_prepared: ClassVar[bool] = job is not None  # by the check before a benchmark
    preparing: ClassVar[RLock] = RLock()
    pauses: ClassVar[int] = 0
    transports: ClassVar[list[Transport]] = []
    explained: ClassVar[dict[tuple[str, str], str]] = {}
    labels: ClassVar[set[str]] = set()

    @classmethod
    def json(cls) -> dict[str, Any]:
        """The fields that the gear of the class picker shows, and sets."""
        return {
            **super().json(),
            "think_seconds": cls.think_seconds,
            "pace_seconds": cls.pace_seconds,
            "network_timeout": cls.network_timeout,
        }

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.stopping = Event()
        self.intended_s: float | None = None

    def on_start(self) -> None:
        self.rng = Random(self.seeds.getrandbits(64))
        channel = (
            channel_for(self.job)
            if self.job
            else channel_to(
                self.host or "",
                self.network_timeout,
                verifies=not self.is_fast,
                ca=os.environ.get("BENCH_CA", ""),
                http2=os.environ.get("BENCH_HTTP2") == "1",
            )
        )
        host, port = self.job.address.place if self.job else ("", 0)
        seats.take(self.rng, host, port, channel.address.prefix)
        self.transport = Transport(channel, self.scenario.name)
        self.transport.fit(self.client, is_fast=self.is_fast)
        self.transports.append(self.transport)
        self.timetable = self.choose_timetable()
        if self.scenario.prepare is not None:
            self.prepare(self.scenario.prepare)

    def on_stop(self) -> None:
        """Close the connection: the server of the next test is without it."""
        transport: Transport | None = getattr(self, "transport", None)  # it may not have come so far
        if transport is not None:
            transport.channel.close()

    def choose_timetable(self) -> Timetable:
        """When the sessions of this user start: a benchmark wants the next at once."""
        if self.job is not None:
            return ThinkTimes(0.0, self.rng)
        options = read(self.environment)
        if options.rate_per_s is not None:
            return SharedArrivals(self.environment)
        if options.think_s is not None:
            return ThinkTimes(options.think_s, self.rng)
        if pace_s := options.pace_s or self.pace_seconds:
            return SteadyPace(pace_s)
        return ThinkTimes(self.think_seconds or 0.0, self.rng)  # None of a field that was left empty

    def wait_for_session(self) -> None:
        """Wait until the next session starts; a user who is being stopped waits no longer."""
        due_s = self.timetable.next_s(time.monotonic())
        while (left_s := due_s - time.monotonic()) > 0:
            if self.stopping.wait(left_s):
                if isinstance(self.timetable, SharedArrivals):
                    self.timetable.give_back(due_s)
                raise StopUser
        self.intended_s = time.time() + left_s if self.timetable.are_due else None

    def session(self, function: Callable[[Random], Flow]) -> None:
        """One session; a mistake of the scenario's author, which would recur in each, ends the user."""
        self.wait_for_session()
        try:
            self.drive(function)
        except ScenarioError as error:
            if self.job is not None:
                raise
            log.error("scenario '%s'%s", self.scenario.name, explain_error(error))
            self.environment.process_exit_code = 1
            raise StopUser from None

    def drive(self, function: Callable[[Random], Flow]) -> str | None:
        """Run a flow up to its first wrong response, as the native engine does; gives the fault of that."""
        channel = self.transport.channel
        flow = begin(open_flow(function, self.rng), prefix=channel.address.prefix)
        try:
            for request, response in drive(flow, self.send, self.pause):
                fault = request.fault(response)
                if fault is not None:
                    return f"{request.label} answered {fault}"
        finally:
            channel.end_session()
        return None

    def prepare(self, function: Callable[[Random], Flow]) -> None:
        """Drive what comes before the first session of all users, once for all of them, who wait for it."""
        kind = type(self)
        with self.preparing:
            if not kind.is_prepared and (fault := self.drive(function)):
                raise ScenarioError(f"scenario '{self.scenario.name}': its prepare failed: {fault}")
            kind.is_prepared = True

    def stop(self, force: bool = False) -> bool:
        """Let the user end by itself, after the request under way or in a pause; False where it is not gone yet.

        Locust would kill one that waits, which may have waked up and sent a request by the time that it is killed.
        """
        self.stopping.set()
        if self._state == LOCUST_STATE_WAITING and not force:
            self._state = LOCUST_STATE_STOPPING
            return False
        return bool(super().stop(force))

    def pause(self, seconds: float) -> None:
        """Wait inside a session; a user who is being stopped waits no longer, and the session ends."""
        type(self).pauses += 1
        if self.stopping.wait(seconds):
            raise StopUser

    def send(self, request: Request) -> Response:
        """The answer to a request. A user who is being stopped sends no other after it."""
        self.labels.add(request.label)
        self.transport.expect(request)
        self.under_way[id(self)] = time.time()
        try:
            self.exchange(request)
        except GreenletExit:  # the time to stop is over
            self.give_up(request)
            raise
        finally:
            del self.under_way[id(self)]
        if self._state == LOCUST_STATE_STOPPING:
            raise StopUser
        return self.transport.response

    def exchange(self, request: Request) -> None:
        """Send a request by Locust's client, and let that count the answer as right or wrong."""
        transport = self.transport
        with self.client.request(
            request.method,
            request.path,
            name=_name(request),
            allow_redirects=False,
            catch_response=True,
            context=self.take_context(),
        ) as answer:
            fault = transport.fault or request.fault(transport.response)
            transport.fault = fault or ""
            if fault:
                answer.failure(fault if self.job else self.explain(request.label, fault))
            else:
                answer.success()

    def take_context(self) -> dict[str, object]:
        """Facts about a request for listeners; of the first one of a session that was due, when that was intended."""
        context: dict[str, object] = {"transport": self.transport}
        if self.intended_s is not None:
            context["intended_s"], self.intended_s = self.intended_s, None
        return context

    def explain(self, label: str, fault: str) -> str:
        """A fault with the beginning of the first answer that had it, where there is one."""
        said = self.transport.response.body[:_SHOWN_BYTES].decode(errors="replace")
        return self.explained.setdefault((label, fault), f"{fault}: {said}" if said else fault)

    def give_up(self, request: Request) -> None:
        """Count a request that has no answer when its user ends: Locust by itself would leave it out."""
        began_s = self.under_way[id(self)]
        self.environment.events.request.fire(
            request_type=request.method,
            name=_name(request),
            response_time=(time.time() - began_s) * 1000,
            response_length=0,
            exception=CatchResponseError("unfinished"),
            start_time=began_s,
            context={"transport": self.transport},
        )


class FastScenarioUser(ScenarioUser, FastHttpUser):
    """A user of Locust's faster client."""

    abstract = True
    is_fast = True


class HttpScenarioUser(ScenarioUser, HttpUser):
    """A user of the `requests` library, which costs three times as much."""

    abstract = True
    is_fast = False


def _name(request: Request) -> str:
    """A request's name without its method, which Locust shows in a column of its own."""
    return request.label.removeprefix(f"{request.method} ")
