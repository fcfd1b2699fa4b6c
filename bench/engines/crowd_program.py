"""The native generator by command: users come and go as lines on standard input say, until that ends.

Run as `python -m bench.engines.crowd_program JOB`. A command is a line of JSON: how many `users` there are from now on,
with a session `every_s`, 0 for no pace; with `abandon`, those who leave wait for their answers no longer. Each command
is answered by one report, when the rows so far are in the job's file: how many `rows` these are, and how many users are
still `leaving`. New `labels` with their methods, `outcomes`, and the first `failures` come along.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import runpy
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import uvloop

from bench.engines.channel import Channel, ExchangeError
from bench.engines.common import Common, Encoded
from bench.engines.connection import clock_ns
from bench.engines.crowd import Crowd
from bench.engines.heartbeat import Heartbeat
from bench.engines.job import Job, collect_where_many, hold_off_collections, read_job, say
from bench.engines.timer import Timer
from bench.model.plan import ClosedLoad
from bench.system import host
from scenarios import seats
from scenarios.files import load as load_scenarios
from scenarios.mistakes import ScenarioError, explain_error, open_flow
from scenarios.model import Request, Scenario, drive
from scenarios.session import begin

_NEVER_NS = 1 << 62
_SWEEP_S = 0.1
_READ_BYTES = 65536
_SHOWN_BYTES = 80
_STDIN = 0


class _Named(Common):
    """What the clients share, with the method of each label: that of its first request."""

    def __init__(self, job: Job, scenario: Scenario) -> None:
        super().__init__(job, scenario.session, _NEVER_NS)
        self.names: dict[int, tuple[str, str]] = {}

    def encoded(self, request: Request) -> Encoded:
        made = super().encoded(request)
        self.names.setdefault(made.label, (request.method, request.label))
        return made


class _Program:
    """One run of this process: it obeys until standard input ends, and then leaves its samples."""

    def __init__(self, job: Job, scenario: Scenario) -> None:
        self._job = job
        self._common = _Named(job, scenario)
        self._seeds = Random(f"{job.seed} {job.part}")
        self._heartbeat = Heartbeat()
        self._begun = b""
        self._reported = (0, 0, 0)
        self._failure: Exception | None = None
        self._crowd: Crowd
        self._timer: Timer
        self._over: asyncio.Event

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        load = self._job.load
        assert isinstance(load, ClosedLoad)
        self._crowd = Crowd(self._common, int(load.think_s * 1e9), self._rng)
        self._timer = Timer(loop, self._beat)
        self._beat()
        start_ns, cpu_ns = clock_ns(), time.process_time_ns()
        self._heartbeat.start()
        loop.add_reader(_STDIN, self._hear)
        say(ready=True)
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), _SWEEP_S)
            self._sweep()
        if self._failure is not None:
            raise self._failure
        self._crowd.close()
        self._heartbeat.end(clock_ns())
        self._timer.close()
        self._close(start_ns, (time.process_time_ns() - cpu_ns) / 1e9)

    def _rng(self) -> Random:
        return Random(self._seeds.getrandbits(64))

    def _hear(self) -> None:
        """Obey the commands that have come; their end is that of the run."""
        came = os.read(_STDIN, _READ_BYTES)
        if not came:
            asyncio.get_running_loop().remove_reader(_STDIN)
            self._over.set()
        *lines, self._begun = (self._begun + came).split(b"\n")
        try:
            for line in lines:
                self._obey(json.loads(line))
        except Exception as error:  # the loop would go on, and whoever waits for a report wait for ever
            self._failure = error
            self._over.set()

    def _obey(self, command: dict[str, Any]) -> None:
        self._crowd.set(command["users"], int(command["every_s"] * 1e9))
        if command["abandon"]:
            self._crowd.abandon()
        self._report()

    def _report(self) -> None:
        common = self._common
        common.file.write()
        names, outcomes, failures = [*common.names.values()], common.file.outcomes, common.evidence.kept
        labels_reported, outcomes_reported, failures_reported = self._reported
        self._reported = (len(names), len(outcomes), len(failures))
        say(
            rows=common.file.requests,
            leaving=len(self._crowd.leaving),
            labels=names[labels_reported:],
            outcomes=outcomes[outcomes_reported:],
            failures=[
                (one.request, one.kind, one.body[:_SHOWN_BYTES].decode(errors="replace"))
                for one in failures[failures_reported:]
            ],
            broken=common.broken,
        )

    def _beat(self) -> None:
        self._timer.set(self._heartbeat.beat(clock_ns()))

    def _sweep(self) -> None:
        """Fail the requests that have waited too long for an answer."""
        collect_where_many()
        oldest_ns = clock_ns() - int(self._job.timeout_s * 1e9)
        for client in self._crowd.clients:
            if 0 < client.sent_ns < oldest_ns:
                client.fail("timeout")
        self._common.file.gaps.spill()

    def _close(self, start_ns: int, cpu_s: float) -> None:
        common = self._common
        common.file.close(
            start_ns=start_ns,
            end_ns=clock_ns(),
            shed=0,
            cpu_s=cpu_s,
            sent=common.sent,
            resent=common.resent,
            stalls=self._heartbeat.stalls,
            pauses=common.pauses.count,
        )
        common.evidence.write()  # after the samples, whose file is free by then: there may be no other


def _find_scenario(job: Job) -> Scenario:
    """The scenario that a job names, or that of a class of Locust users in a file."""
    if not job.user_class:
        return load_scenarios(job.scenarios_file)[job.scenario]
    os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"  # gevent's parts would stand where uvloop needs Python's own
    path = job.scenarios_file
    assert path is not None
    sys.path[:0] = [str(Path.cwd()), str(path.parent)]  # as Locust does when it reads the file
    scenario: Scenario = runpy.run_path(str(path))[job.user_class].scenario
    return scenario


def _prepare(scenario: Scenario, job: Job) -> None:
    """Run the scenario's `prepare`, where it has one. Raises ScenarioError for a wrong answer, and for none."""
    if scenario.prepare is None:
        return
    rng = Random(job.seed)
    seats.take(rng, *job.address.place, job.address.prefix)
    channel = Channel(job.address, timeout_s=job.timeout_s)
    flow = begin(open_flow(scenario.prepare, rng), prefix=job.address.prefix)
    try:
        for request, response in drive(flow, channel.send, time.sleep):
            if fault := request.fault(response):
                raise ScenarioError(f"its prepare failed: {request.label} answered {fault}")
    except ExchangeError as error:
        raise ScenarioError(f"its prepare failed: {error}") from None
    finally:
        channel.close()


def main() -> None:
    host.allow_open_files()
    job = read_job(Path(sys.argv[1]))
    scenario = _find_scenario(job)
    try:
        _prepare(scenario, job)
    except Exception as error:
        say(broken=explain_error(error))
        raise SystemExit(1) from None
    program = _Program(job, scenario)
    hold_off_collections()
    uvloop.run(program.run())


if __name__ == "__main__":
    main()
