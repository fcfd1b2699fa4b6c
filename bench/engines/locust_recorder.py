"""Makes Locust leave the same samples as the native engine: loaded by Locust beside the locustfile.

Locust's own statistics keep whole milliseconds; its request event carries the exact time, which is recorded here.
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
from locust.exception import CatchResponseError

from bench.engines.evidence import Evidence
from bench.engines.heartbeat import Heartbeat
from bench.engines.job import Job, collect_where_many, hold_off_collections, read_job, say, wait_for_go
from bench.engines.locust_transport import Transport
from bench.model.samples import OK, SampleFile, tag
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
        self._file = SampleFile(job.samples)
        self._evidence = Evidence(job.samples)
        self._errors = 0
        self._cpu_ns: list[int] = []
        self._span_ns = (0, 0)
        self._heartbeat = Heartbeat()
        self._clock_offset_ns = time.monotonic_ns() - time.time_ns()

    def requested(
        self,
        response_time: float,
        exception: object = None,
        response: Any = None,
        start_time: float = 0.0,
        context: Any = None,
        **_: Any,
    ) -> None:
        """One row a request: sent when Locust says it started, done `response_time` milliseconds later."""
        file, transport = self._file, context["transport"]
        sent_ns = int(start_time * 1e9) + self._clock_offset_ns
        done_ns = sent_ns + int(response_time * 1e6)
        outcome = OK
        if exception is not None:
            kind = _kind(exception)
            outcome = file.outcome(kind)
            self._errors += 1
            self._keep(kind, transport, done_ns)
        worker = (getattr(response, "headers", None) or {}).get("X-Worker", "")
        label = file.label(transport.request.label)
        tagged = tag(
            label,
            outcome,
            int(worker) if worker.isdigit() and worker.isascii() and len(worker) < 10 else 0,
        )
        first_ns = self._first_ns(transport, label, sent_ns, done_ns)
        file.append((sent_ns, 0, sent_ns, first_ns, done_ns, tagged))
        file.spill()

    def raised(self, exception: BaseException, **_: Any) -> None:
        """The scenario itself failed: whoever launched us ends this run."""
        say(broken=f"scenario '{self._job.scenario}'{explain_error(exception)}")

    def spawned(self, **_: Any) -> None:
        if not self._cpu_ns and self._span_ns == (0, 0):
            self._span_ns = (1, 1)
            gevent.spawn(self._measure)

    def closed(self, **_: Any) -> None:
        start_ns, end_ns = self._span_ns
        cpu_s = (self._cpu_ns[1] - self._cpu_ns[0]) / 1e9 if len(self._cpu_ns) == 2 else 0.0
        users = self._users()
        self._file.close(
            start_ns=start_ns,
            end_ns=end_ns,
            shed=0,
            cpu_s=cpu_s,
            resent=sum(one.channel.resent for one in users.transports),
            stalls=self._heartbeat.stalls,
            pauses=users.pauses,
        )
        self._evidence.write()  # after the samples, whose file is free by then: there may be no other

    def _first_ns(self, transport: Transport, label: int, sent_ns: int, done_ns: int) -> int:
        """When the first piece of an answer came, within the times that Locust gives it; keeps the gaps of a stream."""
        channel = transport.channel
        if channel.open_ended:
            self._file.gaps.add(label, channel.arrivals_ns)
        return min(max(sent_ns, channel.first_ns), done_ns) if channel.first_ns else done_ns

    def _keep(self, kind: str, transport: Transport, done_ns: int) -> None:
        answer = transport.response
        self._evidence.keep(kind, transport, done_ns, answer if answer.status else b"")

    def _measure(self) -> None:
        gevent.sleep(self._job.load.warmup_s)
        beating = gevent.spawn(self._beat)
        start_ns = time.monotonic_ns()
        self._mark("started")
        self._heartbeat.start()
        end_ns = start_ns + int(self._job.load.duration_s * 1e9)
        while (left_ns := end_ns - time.monotonic_ns()) > 0:
            self._progress()
            gevent.sleep(min(_PROGRESS_S, left_ns / 1e9))
        self._span_ns = (start_ns, end_ns)
        self._heartbeat.end(min(time.monotonic_ns(), end_ns))
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
        return [int(sent_s * 1e9) + self._clock_offset_ns for sent_s in waiting]

    def _users(self) -> _Users:
        (users,) = self._environment.user_classes
        return cast(_Users, users)

    def _beat(self) -> None:
        while True:
            now_ns = time.monotonic_ns()
            gevent.sleep((self._heartbeat.beat(now_ns) - now_ns) / 1e9)

    def _mark(self, word: str) -> None:
        self._cpu_ns.append(time.process_time_ns())
        say(**{word: time.monotonic_ns()})

    def _progress(self) -> None:
        file = self._file
        collect_where_many()
        say(requests=file.requests, errors=self._errors, p99_ms=file.recent_p99_ms())


def _kind(exception: object) -> str:
    """The fault as the user names it, which is the native engine's name for it."""
    return str(exception) if isinstance(exception, CatchResponseError) else type(exception).__name__.lower()


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
    environment.events.request.add_listener(recorder.requested)
    environment.events.user_error.add_listener(recorder.raised)
    environment.events.spawning_complete.add_listener(recorder.spawned)
    environment.events.quit.add_listener(recorder.closed)
    hold_off_collections()
    wait_for_go()
