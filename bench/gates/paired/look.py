"""One look at the evidence: fresh pairs of servers, loaded turn by turn, one of them at a time."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

import numpy as np
import uvloop
from numpy.typing import NDArray

from bench.engines.bursts import Bursts
from bench.engines.job import Job
from bench.errors import EngineError
from bench.gates.paired.arms import Instance, Pair
from bench.gates.paired.design import Size, offsets_ns, orders, rounds
from bench.gates.paired.observation import Observation, Side, Slice, Turn
from bench.model.plan import ClosedLoad
from bench.model.samples import OK, Samples
from bench.observe.process_tree import settled_cpu_ns
from scenarios.model import Scenario

_REHEARSED = 200
_REHEARSAL_S = 1.0
_FIRST_SESSIONS = 16


@dataclass(frozen=True, slots=True)
class Subject:
    """A scenario on a pool of pairs."""

    scenario: Scenario
    pairs: Sequence[Pair]
    scenarios_file: Path | None = None


def rehearse(subject: Subject, users: int) -> float:
    """Drive the scenario on the first pair's base for about a second; sessions per second, warmed up.

    Raises EngineError where the server stops answering.
    """
    instance = subject.pairs[0].base

    async def drive(lane: _Lane) -> float:
        sessions, spent_s, rate_per_s = _FIRST_SESSIONS, 0.0, 0.0
        while spent_s < _REHEARSAL_S:
            start_ns, end_ns = await lane.bursts.closed(sessions)
            spent_s += (end_ns - start_ns) / 1e9
            rate_per_s = sessions * 1e9 / (end_ns - start_ns)
            sessions = max(_FIRST_SESSIONS, min(_REHEARSED, int(rate_per_s * _REHEARSAL_S / 4)))
        return rate_per_s

    async def rehearsal() -> float:
        with _lane(subject, instance, users, 0) as lane:
            return await drive(lane)

    return uvloop.run(rehearsal())


class Lane(Protocol):
    """A scenario's connections to one server."""

    async def warm(self, sessions: int) -> None:
        """Bring the server to its steady state: connections, caches, specialised bytecode, workers of its own."""

    async def slice(self, size: Size) -> Slice:
        """A slice as fast as the users can, after some sessions that do not count."""

    async def pace(self, size: Size, due_ns: Sequence[int]) -> None:
        """Sessions at these times from now, after some that do not count."""

    def check(self) -> None:
        """Raise EngineError where other processes make up the server than did: their CPU time is not known."""

    def side(self) -> Side:
        """What is known of the server next to its slices, once the lane is closed."""


Opening = Callable[[Subject, Instance, int, int], AbstractContextManager[Lane]]
"""Opens a lane: for a subject, one of its servers, users, and the seed of their random choices."""


def look(
    subjects: Mapping[str, Subject], sizes: Mapping[str, Size], seed: int, opened: Opening | None = None
) -> dict[str, list[Observation]]:
    """Load every pair of every subject, in rounds; one observation a pair.

    Both servers of a pair are sent the same sessions, at the same times. Raises EngineError where a server stops
    answering or a scenario is broken.
    """
    return uvloop.run(_look(subjects, sizes, Random(seed), opened or _lane))


class _Lane:
    """A scenario's connections to one server, and the windows in which it was loaded at the fixed rate."""

    def __init__(self, bursts: Bursts, instance: Instance, users: int) -> None:
        self.bursts = bursts
        self._users = users
        self.instance = instance
        self.paced_ns: list[tuple[int, int]] = []
        self._pids: tuple[int, ...] = ()
        self.samples: Samples | None = None

    @property
    def _who(self) -> str:
        return f"the {self.instance.arm.name} ({self.instance.arm.said})"

    async def warm(self, sessions: int) -> None:
        await self.bursts.closed(sessions)
        self._pids = self.instance.pids()

    def check(self) -> None:
        if set(self.instance.pids()) != set(self._pids):
            raise EngineError(
                f"{self._who} has started or lost processes while it was measured, so its CPU time is not known"
            )

    async def slice(self, size: Size) -> Slice:
        await self.bursts.closed(size.warm)
        before = self.bursts.sent
        cpu_ns = settled_cpu_ns(self._pids)
        own_ns = time.thread_time_ns()
        start_ns, end_ns = await self.bursts.closed(size.measured)
        own_ns = time.thread_time_ns() - own_ns
        cpu_ns = settled_cpu_ns(self._pids) - cpu_ns
        if cpu_ns <= 0:
            self.check()
            raise EngineError(f"{self._who} used no CPU time for {size.measured} sessions, which cannot be")
        return Slice(self.bursts.sent - before, end_ns - start_ns, cpu_ns, own_ns)

    async def pace(self, size: Size, due_ns: Sequence[int]) -> None:
        await self.bursts.closed(size.warm)
        self.paced_ns.append(await self.bursts.paced(due_ns))

    def side(self) -> Side:
        assert self.samples is not None
        return side(self.samples, self.paced_ns, self._users)


@contextlib.contextmanager
def _lane(subject: Subject, instance: Instance, users: int, seed: int) -> Iterator[_Lane]:
    with tempfile.TemporaryDirectory(prefix="fastapi-bench-") as tmp:
        server, scenario = instance.server, subject.scenario
        job = Job(
            server.host,
            server.port,
            scenario.name,
            ClosedLoad(users, 0),
            Path(tmp) / "samples",
            seed=seed,
            scenarios_file=subject.scenarios_file,
        )
        lane = _Lane(Bursts(job, scenario.flow, users), instance, users)
        try:
            yield lane
        finally:
            lane.samples = lane.bursts.close()


class _Duel:
    """A pair under a scenario: its two lanes, and the turns so far."""

    def __init__(self, lanes: tuple[Lane, Lane], size: Size, rng: Random) -> None:
        self.lanes = lanes
        self.size = size
        self._orders = orders(size.turns, rng)
        self._rng = rng
        self.turns: list[Turn] = []

    async def turn(self, number: int) -> None:
        reverse = self._orders[number] == "head first"
        found = [await lane.slice(self.size) for lane in (self.lanes[::-1] if reverse else self.lanes)]
        self.turns.append(Turn(*(found[::-1] if reverse else found)))
        if self.size.pace_every and number % self.size.pace_every == 0:
            due_ns = offsets_ns(self.size.measured, self.size.rate_per_s, self._rng)
            for lane in self.lanes[::-1] if reverse else self.lanes:
                await lane.pace(self.size, due_ns)

    def observation(self) -> Observation:
        base, head = (lane.side() for lane in self.lanes)
        return Observation(tuple(self.turns), base, head)


async def _look(
    subjects: Mapping[str, Subject], sizes: Mapping[str, Size], rng: Random, opened: Opening
) -> dict[str, list[Observation]]:
    duels: dict[str, list[_Duel]] = {}
    with contextlib.ExitStack() as stack:
        for name, subject in subjects.items():
            duels[name] = []
            for pair in subject.pairs:
                seed = rng.getrandbits(32)
                lanes = [
                    stack.enter_context(opened(subject, server, sizes[name].users, seed))
                    for server in (pair.base, pair.head)
                ]
                duels[name].append(_Duel((lanes[0], lanes[1]), sizes[name], Random(seed)))
        everyone = [duel for found in duels.values() for duel in found]
        await _warm(everyone)
        for number, order in enumerate(
            rounds(range(len(everyone)), max(size.turns for size in sizes.values()), rng)
        ):
            for place in order:
                if number < everyone[place].size.turns:
                    await everyone[place].turn(number)
        for duel in everyone:
            for lane in duel.lanes:
                lane.check()
    return {name: [duel.observation() for duel in found] for name, found in duels.items()}


async def _warm(duels: Sequence[_Duel]) -> None:
    for duel in duels:
        for lane in duel.lanes:
            await lane.warm(max(duel.size.users * 4, duel.size.measured * 2))


def side(samples: Samples, windows_ns: Sequence[tuple[int, int]], users: int) -> Side:
    """What the samples of one server say; those of the windows were sent at the fixed rate."""
    paced = np.zeros(len(samples.done_ns), dtype=bool)
    for start_ns, end_ns in windows_ns:
        paced |= (samples.intended_ns >= start_ns) & (samples.intended_ns <= end_ns)
    right = samples.outcome == OK
    response_ms = (samples.done_ns - samples.intended_ns)[paced & right] / 1e6
    p50_ms, p99_ms = np.percentile(response_ms, (50, 99)) if len(response_ms) else (None, None)
    wrong = Counter(samples.outcomes[number] for number in samples.outcome[~right])
    return Side(
        None if p50_ms is None else float(p50_ms),
        None if p99_ms is None else float(p99_ms),
        int((~right).sum()),
        len(right),
        tuple(name for name, _ in wrong.most_common(3)),
        _late_p99_ms(samples, paced, users),
    )


def _late_p99_ms(samples: Samples, paced: NDArray[np.bool_], users: int) -> float | None:
    """How late requests were sent that found a connection free when they were due: then it was our doing."""
    due_ns = samples.intended_ns
    sent, done = (np.searchsorted(np.sort(at_ns), due_ns) for at_ns in (samples.sent_ns, samples.done_ns))
    late_ms = (samples.sent_ns - due_ns - samples.connect_ns)[paced & (sent - done < users)] / 1e6
    return float(np.percentile(late_ms, 99)) if len(late_ms) else None
