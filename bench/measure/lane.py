"""A lane: a cell's open connections to one live server, sized by a rehearsal and loaded slice by slice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from bench.engines.bursts import Bursts
from bench.engines.connection import clock_ns
from bench.engines.heartbeat import Heartbeat
from bench.engines.job import Job
from bench.engines.timer import Timer
from bench.errors import EngineError
from bench.measure.slices import LaneSlice
from bench.model.attachment import BYSTANDER_SHARE, steady_rps
from bench.model.plan import Cell, ClosedLoad
from bench.model.readings import Snapshot
from bench.model.recording import record
from bench.model.samples import Recording
from bench.observe.process_tree import ProcessTree, settle, settled_cpu_ns
from bench.serve.server import Server
from scenarios.model import Scenario

SLICE_S = 0.02
"""The length that slices aim at: shorter ones follow the machine's drift more closely, and leave more pairs."""
_FEWEST_SESSIONS_A_USER = 2
"""The first finds the server at rest, so that its time does not count."""
_REHEARSAL_S = 0.1
_FIRST_SESSIONS = 8

_PINGS_PER_S = 100.0
_PING_CONNECTIONS = 16
_LONGEST_NS = 30_000_000_000
_ENDED = "the server has ended"
_MOST_CUT_SHORT = 3
"""Slices of a lane that may be cut short, as requests had no answer in time: each takes as long as that."""


@dataclass(frozen=True, slots=True)
class SliceSize:
    """The sessions of a slice, unmeasured ones first, then the measured; and about how long it takes with both."""

    warm: int
    sessions: int
    turn_s: float


def size(users: int, rate_per_s: float) -> SliceSize:
    """The size for a lane that ran at a rate of sessions in its rehearsal.

    Whole sessions for each user, as users may march in step: then all of them end together.
    """
    sessions = users * max(_FEWEST_SESSIONS_A_USER, round(SLICE_S * rate_per_s / users))
    return SliceSize(users, sessions, (users + sessions) / rate_per_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneResult:
    """All requests of a lane, and its slices; the bystander's requests where the scenario has one.

    Where they are many they stay in the lane's folder.
    """

    samples: Recording
    slices: tuple[LaneSlice, ...]
    pings: Recording | None


def _pings_per_s(most_rps: float) -> float:
    return min(_PINGS_PER_S, BYSTANDER_SHARE * steady_rps(most_rps)) if most_rps else _PINGS_PER_S


def _make_pings(job: Job, scenario: Scenario) -> Bursts | None:
    if scenario.victim is None:
        return None
    pings = replace(job, samples=job.samples.with_name("pings"), bystander=True)
    return Bursts(pings, scenario.victim, _PING_CONNECTIONS)


class Lane:
    """Of one cell; `failure` says why it ended before its round did, and it is not loaded any more.
    Where it is `lasting`, sessions go on from slice to slice, and a slice has so many requests in place of sessions.

    Where the server has several workers, or its processes are not known, each slice opens its connections anew: which
    worker accepts which connection is luck that would else last as long as the round, and differ by a third from one
    round to the next.
    """

    def __init__(
        self,
        cell: Cell,
        server: Server,
        scenario: Scenario,
        folder: Path,
        *,
        seed: int,
        scenarios_file: Path | None,
        services: Sequence[int] = (),
        lasting: bool = False,
    ) -> None:
        assert isinstance(cell.load, ClosedLoad)
        self.cell = cell
        self.server = server
        self.failure: str | None = None
        self.size = SliceSize(0, 1, 0.0)
        self._users = cell.load.users
        self._folder = folder
        self._services = tuple(services)
        self._slices: list[LaneSlice] = []
        self._heartbeat, self._rng = Heartbeat(), Random(seed)
        job = Job(
            server.address,
            cell.scenario,
            cell.load,
            folder / "samples",
            seed=seed,
            scenarios_file=scenarios_file,
            timeout_s=cell.load.timeout_s,
            most_rps=server.most_rps,
        )
        self._bursts = Bursts(job, scenario.session, self._users, lasting=lasting)
        self._lasting = lasting
        self._cut_short = 0
        self._pings = _make_pings(job, scenario)
        self._ping_every_ns = int(1e9 / _pings_per_s(job.most_rps))
        self._tree = ProcessTree(server.pid)
        self._reconnects = False
        self._timer: Timer | None = None

    @property
    def slices(self) -> int:
        """So far."""
        return len(self._slices)

    @property
    def is_over(self) -> bool:
        """Whether it is not loaded any more: it failed, or its server lets it wait again and again."""
        return self.failure is not None or self._cut_short >= _MOST_CUT_SHORT

    async def rehearse(self) -> None:
        """Open the connections, bring the server to its steady state, and find the size of a slice."""
        self._timer = Timer(asyncio.get_running_loop(), self._beat)
        if self._lasting:
            await self._bursts.closed(self._users)  # the beginnings of sessions are unlike the rest of them
        sessions, left_s = max(self._users, _FIRST_SESSIONS), _REHEARSAL_S
        while left_s > 0:
            start_ns, end_ns = await self._bursts.closed(sessions)
            spent_s = max(1, end_ns - start_ns) / 1e9
            rate_per_s, left_s = sessions / spent_s, left_s - spent_s
            sessions = max(sessions, int(rate_per_s * left_s / 2))
        self.size = size(self._users, rate_per_s)
        self._tree.refresh()
        workers = self._tree.workers(self.server.port, self.server.address.socket)
        self._reconnects = self.server.pid is None or len(workers) > 1

    async def slice(self, rotation: int) -> None:
        """Load the server for one slice. Raises EngineError where it stops answering or the scenario is broken."""
        if self._reconnects:
            self._bursts.reconnect()
        if not self._bursts.was_cut_short:  # else a server that does not answer would be waited for twice
            await self._bursts.closed(self.size.warm)
        before, services_ns = self._read(), self._services_ns()
        sent, errors = self._bursts.sent, self._bursts.errors
        pinged = 0 if self._pings is None else self._pings.sent
        own_ns = time.thread_time_ns()
        self._heartbeat.start()
        self._beat()
        start_ns, end_ns = await self._burst()
        self._heartbeat.end(clock_ns())
        own_ns = time.thread_time_ns() - own_ns
        if self._bursts.errors > errors:
            self._check_alive()
        if self._bursts.was_cut_short:
            is_silent = 0 < self._bursts.sent - sent == self._bursts.errors - errors
            self._cut_short = _MOST_CUT_SHORT if is_silent else self._cut_short + 1
        self._slices.append(
            LaneSlice(
                rotation=rotation,
                start_ns=start_ns,
                end_ns=end_ns,
                before=before,
                after=self._read(),
                requests=self._bursts.sent - sent,
                pings=0 if self._pings is None else self._pings.sent - pinged,
                own_cpu_ns=own_ns,
                services_cpu_ns=self._services_ns() - services_ns,
            )
        )

    async def _burst(self) -> tuple[int, int]:
        if self._pings is None:
            return await self._bursts.closed(self.size.sessions)
        every_ns = self._ping_every_ns
        first_ns = self._rng.randrange(every_ns)  # else pings would meet the same moment of every slice
        pinging = asyncio.ensure_future(self._pings.paced(range(first_ns, _LONGEST_NS, every_ns)))
        try:
            return await self._bursts.closed(self.size.sessions)
        finally:
            self._pings.stop()
            await pinging

    def disconnect(self) -> None:
        """Drop the connections, in the event loop that they belong to: it may hang on what is left open."""
        if self._timer is not None:
            self._timer.close()
        self._bursts.disconnect()
        if self._pings is not None:
            self._pings.disconnect()

    def close(self) -> LaneResult:
        """Everything that was measured."""
        self.disconnect()
        stalls = self._heartbeat.stalls
        samples = self._close(self._bursts, "samples").map(lambda part: replace(part, stalls=stalls))
        pings = None if self._pings is None else self._close(self._pings, "pings")
        return LaneResult(samples=samples, slices=tuple(self._slices), pings=pings)

    def _close(self, bursts: Bursts, name: str) -> Recording:
        bursts.leave()
        return record([self._folder / name])

    def _beat(self) -> None:
        if self._timer is not None and self._heartbeat.measuring:
            self._timer.set(self._heartbeat.beat(clock_ns()))

    def _read(self) -> Snapshot:
        """The server's processes at rest. Raises EngineError where it has ended."""
        settle()
        taken = self._tree.snapshot()
        if self.server.pid is not None and not taken.processes:
            raise EngineError(_ENDED)
        return taken

    def _check_alive(self) -> None:
        if self.server.exit_status() is not None:
            raise EngineError(_ENDED)

    def _services_ns(self) -> int:
        return settled_cpu_ns(self._services) if self._services else 0
