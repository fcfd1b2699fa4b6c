"""Makes Locust leave the same samples as the native engine: loaded by Locust next to the locustfile.

The measured part begins when every user has started and the warm-up is over.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import gevent
from locust import events
from locust.env import Environment

from bench.engines.job import Job, collect_where_many, hold_off_collections, read_job, say, wait_for_go
from bench.engines.locust_rows import RowWriter
from bench.engines.locust_transport import Transport
from scenarios.mistakes import explain_error

_PROGRESS_S = 0.5


class _Users(Protocol):
    """The class of the users, as the locustfile has it."""

    under_way: Mapping[int, float]
    transports: Sequence[Transport]
    pauses: int


class _Recorder:
    """Listens to one Locust run."""

    def __init__(self, job: Job, environment: Environment) -> None:
        self._job = job
        self._environment = environment
        self.rows = RowWriter(job.samples)
        self._cpu_ns: list[int] = []
        self._span_ns = (0, 0)

    def raised(self, exception: BaseException, **_: Any) -> None:
        """The scenario itself failed: whoever launched us ends this run."""
        say(broken=f"scenario '{self._job.scenario}'{explain_error(exception)}")

    def spawned(self, **_: Any) -> None:
        if not self._cpu_ns and self._span_ns == (0, 0):
            self._span_ns = (1, 1)
            gevent.spawn(self._measure)

    def closed(self, **_: Any) -> None:
        cpu_s = (self._cpu_ns[1] - self._cpu_ns[0]) / 1e9 if len(self._cpu_ns) == 2 else 0.0
        users = self._users()
        self.rows.close(span_ns=self._span_ns, cpu_s=cpu_s, transports=users.transports, pauses=users.pauses)

    def _measure(self) -> None:
        gevent.sleep(self._job.load.warmup_s)
        beating = gevent.spawn(self.rows.beat)
        start_ns = time.monotonic_ns()
        self._mark("started")
        self.rows.heartbeat.start()
        end_ns = start_ns + int(self._job.load.duration_s * 1e9)
        while (left_ns := end_ns - time.monotonic_ns()) > 0:
            self._progress()
            gevent.sleep(min(_PROGRESS_S, left_ns / 1e9))
        self._span_ns = (start_ns, end_ns)
        self.rows.heartbeat.end(min(time.monotonic_ns(), end_ns))
        self._mark("ended")
        beating.kill()
        self._drain(end_ns)
        assert self._environment.runner is not None
        self._environment.runner.quit()

    def _drain(self, end_ns: int) -> None:
        """Wait for the requests of the measured part: to stop Locust takes 10 to 20 ms, which would be theirs."""
        until_ns = end_ns + int(self._job.drain_s * 1e9)
        while time.monotonic_ns() < until_ns and any(sent_ns < end_ns for sent_ns in self._under_way()):
            gevent.sleep(0.002)

    def _under_way(self) -> list[int]:
        """When the requests were sent whose answers are still awaited."""
        waiting = self._users().under_way.values()
        return [int(sent_s * 1e9) + self.rows.clock_offset_ns for sent_s in waiting]

    def _users(self) -> _Users:
        (users,) = self._environment.user_classes
        return cast(_Users, users)

    def _mark(self, word: str) -> None:
        self._cpu_ns.append(time.process_time_ns())
        say(**{word: time.monotonic_ns()})

    def _progress(self) -> None:
        file = self.rows.file
        collect_where_many()
        say(requests=file.requests, errors=self.rows.errors, p99_ms=file.recent_p99_ms())


def _restrain(user: Any, timeout_s: float) -> None:
    """Give users of a class our time limit."""
    user.network_timeout = user.connection_timeout = timeout_s


@events.init.add_listener
def _listen(environment: Environment, **_: Any) -> None:
    job = read_job(Path(os.environ["BENCH_JOB"]))
    wanted = job.scenario
    environment.user_classes = [
        user
        for user in environment.user_classes
        if getattr(user, "scenario").name == wanted  # noqa: B009
    ]
    environment.stop_timeout = job.drain_s
    for user in environment.user_classes:
        _restrain(user, job.timeout_s)
    recorder = _Recorder(job, environment)
    environment.events.request.add_listener(recorder.rows.add)
    environment.events.user_error.add_listener(recorder.raised)
    environment.events.spawning_complete.add_listener(recorder.spawned)
    environment.events.quit.add_listener(recorder.closed)
    hold_off_collections()
    wait_for_go()
