"""The native generator: uvloop and raw protocols, one connection a user, no task per request.

Run as `python -m bench.engines.native JOB`. Closed loops keep `users` sessions going; open loops start sessions at
times drawn before the run and measure from those times, so a stall of the server, or of this process, is seen.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import uvloop

from bench.engines.common import Common
from bench.engines.connection import clock_ns
from bench.engines.heartbeat import Heartbeat
from bench.engines.job import Job, collect_where_many, hold_off_collections, read_job, say, wait_for_go
from bench.engines.loops import ClosedLoop, OpenLoop
from bench.engines.timer import Timer
from bench.model.plan import ClosedLoad
from bench.system import host
from scenarios.files import load as load_scenarios
from scenarios.model import Flow

_PROGRESS_S = 0.5
_SWEEP_S = 0.1


class _Traffic:
    """One run of this process: warm-up from `begin_ns`, measured in [start_ns, end_ns), then drained."""

    def __init__(self, job: Job, flow: Callable[[Random], Flow], begin_ns: int) -> None:
        self._job = job
        self._begin_ns = begin_ns
        self._start_ns = begin_ns + int(job.load.warmup_s * 1e9)
        self._end_ns = self._start_ns + int(job.load.duration_s * 1e9)
        self._common = Common(job, flow, self._end_ns)
        self._seeds = Random(f"{job.seed} {job.part}")
        self._cpu_ns: list[int] = []
        self._heartbeat = Heartbeat()
        self._timer: Timer
        self._loop: ClosedLoop | OpenLoop = (
            ClosedLoop(self._common, job.load, self._rng, begin_ns)
            if isinstance(job.load, ClosedLoad)
            else OpenLoop(self._common, job.load, self._rng, begin_ns, self._start_ns)
        )

    def _rng(self) -> Random:
        return Random(self._seeds.getrandbits(64))

    async def run(self) -> None:
        """Load the server, wait for what is under way at the end, and leave the samples."""
        loop = asyncio.get_running_loop()
        self._timer = Timer(loop, self._beat)
        self._progress()  # here for the first time: what is new takes longest
        self._sweep()
        await asyncio.sleep(max(0, self._begin_ns - clock_ns()) / 1e9)
        self._loop.begin()
        self._beat()
        loop.call_later(max(0, self._start_ns - clock_ns()) / 1e9, self._started)
        while (left_ns := self._end_ns - clock_ns()) > 0 and not self._common.broken:
            await asyncio.sleep(min(_SWEEP_S, left_ns / 1e9 + 0.001))
            self._sweep()
        self._heartbeat.end(min(clock_ns(), self._end_ns))
        self._mark("ended")
        self._timer.close()
        await self._drain()
        self._close()

    def _started(self) -> None:
        self._mark("started")
        self._heartbeat.start()

    def _mark(self, word: str) -> None:
        self._cpu_ns.append(time.process_time_ns())
        say(**{word: clock_ns()})

    def _beat(self) -> None:
        self._timer.set(self._heartbeat.beat(clock_ns()))

    def _sweep(self) -> None:
        """Fail the requests that have waited too long for an answer, and write out what has come in."""
        collect_where_many()
        oldest_ns = clock_ns() - int(self._job.timeout_s * 1e9)
        for client in self._loop.clients:
            if 0 < client.sent_ns < oldest_ns:
                client.fail("timeout")
        self._common.file.spill()

    async def _drain(self) -> None:
        bound_ns = clock_ns() + int(self._job.drain_s * 1e9)
        clients = self._loop.clients
        while not self._common.broken and clock_ns() < bound_ns and any(c.sent_ns for c in clients):
            await asyncio.sleep(0.005)
            self._sweep()
        for client in clients:
            if client.sent_ns:
                client.fail("unfinished")
            client.close()

    def _close(self) -> None:
        if self._common.broken:
            say(broken=f"scenario '{self._job.scenario}'{self._common.broken}")
            raise SystemExit(1)
        cpu_s = (self._cpu_ns[-1] - self._cpu_ns[0]) / 1e9
        self._common.file.close(
            start_ns=self._start_ns,
            end_ns=self._end_ns,
            shed=self._loop.shed,
            cpu_s=cpu_s,
            sent=self._common.sent,
            resent=self._common.resent,
            stalls=self._heartbeat.stalls,
            pauses=self._common.pauses.count,
        )
        self._common.evidence.write()  # after the samples, whose file is free by then: there may be no other

    def _progress(self) -> None:
        file = self._common.file
        say(requests=file.requests, errors=self._common.errors, p99_ms=file.recent_p99_ms())
        if clock_ns() < self._end_ns:
            asyncio.get_running_loop().call_later(_PROGRESS_S, self._progress)


def main() -> None:
    host.allow_open_files()
    job = read_job(Path(sys.argv[1]))
    scenario = load_scenarios(job.scenarios_file)[job.scenario]
    flow = scenario.victim if job.bystander else scenario.session
    assert flow is not None
    traffic = _Traffic(job, flow, wait_for_go())
    hold_off_collections()
    uvloop.run(traffic.run())


if __name__ == "__main__":
    main()
