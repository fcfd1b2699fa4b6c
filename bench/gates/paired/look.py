"""One look: pairs of servers, loaded turn by turn, one of them at a time."""

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
from numpy.typing import NDArray

from bench.engines.bursts import Bursts, run_bursts
from bench.engines.job import Job
from bench.errors import EngineError
from bench.gates.paired.arms import Instance, ServerPair
from bench.gates.paired.design import TurnPlan, offsets_ns, orders, rounds
from bench.gates.paired.observation import ArmSlice, ArmSummary, Observation, Turn
from bench.measure.answers import prepare
from bench.model.plan import ClosedLoad
from bench.model.samples import OK, Samples
from bench.observe.process_tree import settled_cpu_ns
from scenarios.model import Scenario

_REHEARSAL_S = 1.0
_FIRST_SESSIONS, _MOST_SESSIONS = 16, 200
"""Of one burst in the rehearsal."""


@dataclass(frozen=True, slots=True)
class PairedScenario:
    """A scenario on a pool of pairs."""

    scenario: Scenario
    pairs: Sequence[ServerPair]
    scenarios_file: Path | None = None


def rehearse(paired: PairedScenario, users: int) -> float:
    """Drive the scenario on the first pair's base for about a second; sessions per second, warmed up.

    Raises EngineError where the server stops answering.
    """

    async def drive(bursts: Bursts) -> float:
        sessions, spent_s, rate_per_s = _FIRST_SESSIONS, 0.0, 0.0
        while spent_s < _REHEARSAL_S:
            start_ns, end_ns = await bursts.closed(sessions)
            spent_s += (end_ns - start_ns) / 1e9
            rate_per_s = sessions * 1e9 / (end_ns - start_ns)
            sessions = max(_FIRST_SESSIONS, min(_MOST_SESSIONS, int(rate_per_s * _REHEARSAL_S / 4)))
        return rate_per_s

    async def rehearsal() -> float:
        with _open_lane(paired, paired.pairs[0].base, users, 0) as lane:
            return await drive(lane.bursts)

    return run_bursts(rehearsal())


class ArmLane(Protocol):
    """A scenario's connections to one server."""

    async def warm(self, sessions: int) -> None:
        """Bring the server to its steady state: connections, caches, specialised bytecode, its own workers."""

    async def slice(self, plan: TurnPlan) -> ArmSlice:
        """Drive a slice as fast as the users can, after some sessions that do not count."""

    async def pace(self, plan: TurnPlan, due_ns: Sequence[int]) -> None:
        """Drive sessions at these times from now, after some that do not count."""

    def check(self) -> None:
        """Raise EngineError where the server's processes are not those of `warm`, so its CPU time is not known."""

    def summary(self) -> ArmSummary:
        """The figures of the server in addition to its slices, once the lane is closed."""


Opening = Callable[[PairedScenario, Instance, int, int], AbstractContextManager[ArmLane]]
"""Opens a lane: for a scenario, one of its servers, users, and the seed of their random choices."""


def look(
    scenarios: Mapping[str, PairedScenario],
    plans: Mapping[str, TurnPlan],
    seed: int,
    open_lane: Opening | None = None,
) -> dict[str, list[Observation]]:
    """Load every pair of every scenario, in rounds; one observation per pair.

    Both servers of a pair are sent the same sessions, at the same times. Raises EngineError where a server stops
    answering or a scenario is broken.
    """
    return run_bursts(_look(scenarios, plans, Random(seed), open_lane or _open_lane))


class _Lane:
    """A scenario's connections to one server, and the windows in which they were loaded at the fixed rate."""

    def __init__(self, bursts: Bursts, instance: Instance, users: int) -> None:
        self.bursts = bursts
        self._users = users
        self.instance = instance
        self.paced_ns: list[tuple[int, int]] = []
        self._pids: tuple[int, ...] = ()
        self.samples: Samples | None = None

    @property
    def _who(self) -> str:
        return f"the {self.instance.arm.name} ({self.instance.arm.title})"

    async def _closed(self, sessions: int) -> tuple[int, int]:
        return self._whole(await self.bursts.closed(sessions))

    def _whole(self, edges_ns: tuple[int, int]) -> tuple[int, int]:
        """The edges of a burst, which must not have been cut short."""
        if self.bursts.was_cut_short:
            raise EngineError(
                f"{self._who} did not answer in time, lost connections again and again, or took very long"
            )
        return edges_ns

    async def warm(self, sessions: int) -> None:
        await self._closed(sessions)
        self._pids = self.instance.pids()

    def check(self) -> None:
        if set(self.instance.pids()) != set(self._pids):
            raise EngineError(
                f"{self._who} has started or lost processes while it was measured, so its CPU time is not known"
            )

    async def slice(self, plan: TurnPlan) -> ArmSlice:
        await self._closed(plan.warm)
        sent = self.bursts.sent
        cpu_ns = settled_cpu_ns(self._pids)
        own_ns = time.thread_time_ns()
        start_ns, end_ns = await self._closed(plan.measured)
        own_ns = time.thread_time_ns() - own_ns
        cpu_ns = settled_cpu_ns(self._pids) - cpu_ns
        if cpu_ns <= 0:
            self.check()
            raise EngineError(f"{self._who} used no CPU time for {plan.measured} sessions, which cannot be")
        return ArmSlice(self.bursts.sent - sent, end_ns - start_ns, cpu_ns, own_ns)

    async def pace(self, plan: TurnPlan, due_ns: Sequence[int]) -> None:
        await self._closed(plan.warm)
        self.paced_ns.append(self._whole(await self.bursts.paced(due_ns)))

    def summary(self) -> ArmSummary:
        assert self.samples is not None
        return summarise(self.samples, self.paced_ns, self._users)


@contextlib.contextmanager
def _open_lane(paired: PairedScenario, instance: Instance, users: int, seed: int) -> Iterator[_Lane]:
    with tempfile.TemporaryDirectory(prefix="fastapi-bench-") as tmp:
        server, scenario = instance.server, paired.scenario
        prepare(scenario, server)
        job = Job(
            server.address,
            scenario.name,
            ClosedLoad(users, 0),
            Path(tmp) / "samples",
            seed=seed,
            scenarios_file=paired.scenarios_file,
        )
        lane = _Lane(Bursts(job, scenario.session, users), instance, users)
        try:
            yield lane
        finally:
            lane.samples = lane.bursts.close()


class _Duel:
    """A pair under a scenario: its two lanes, and the turns so far."""

    def __init__(self, lanes: tuple[ArmLane, ArmLane], plan: TurnPlan, rng: Random) -> None:
        self.lanes = lanes
        self.plan = plan
        self._orders = orders(plan.turns, rng)
        self._rng = rng
        self.turns: list[Turn] = []

    async def turn(self, number: int) -> None:
        plan = self.plan
        reverse = self._orders[number] == "head first"
        lanes = self.lanes[::-1] if reverse else self.lanes
        slices = [await lane.slice(plan) for lane in lanes]
        self.turns.append(Turn(*(slices[::-1] if reverse else slices)))
        if plan.pace_every and number % plan.pace_every == 0:
            due_ns = offsets_ns(plan.measured, plan.rate_per_s, self._rng)
            for lane in lanes:
                await lane.pace(plan, due_ns)

    def observation(self) -> Observation:
        base, head = (lane.summary() for lane in self.lanes)
        return Observation(tuple(self.turns), base, head)


async def _look(
    scenarios: Mapping[str, PairedScenario], plans: Mapping[str, TurnPlan], rng: Random, open_lane: Opening
) -> dict[str, list[Observation]]:
    duels: dict[str, list[_Duel]] = {}
    with contextlib.ExitStack() as stack:
        for name, paired in scenarios.items():
            duels[name] = []
            for pair in paired.pairs:
                seed = rng.getrandbits(32)
                base, head = (
                    stack.enter_context(open_lane(paired, instance, plans[name].users, seed))
                    for instance in (pair.base, pair.head)
                )
                duels[name].append(_Duel((base, head), plans[name], Random(seed)))
        await _play([duel for of_scenario in duels.values() for duel in of_scenario], rng)
    return {name: [duel.observation() for duel in of_scenario] for name, of_scenario in duels.items()}


async def _play(duels: Sequence[_Duel], rng: Random) -> None:
    """Warm all servers, load them in rounds, and check that none has changed its processes."""
    for duel in duels:
        for lane in duel.lanes:
            await lane.warm(max(duel.plan.users * 4, duel.plan.measured * 2))
    turns = max(duel.plan.turns for duel in duels)
    for number, order in enumerate(rounds(range(len(duels)), turns, rng)):
        for place in order:
            if number < duels[place].plan.turns:
                await duels[place].turn(number)
    for duel in duels:
        for lane in duel.lanes:
            lane.check()


def summarise(samples: Samples, windows_ns: Sequence[tuple[int, int]], users: int) -> ArmSummary:
    """The figures of one server's samples; those in the windows were sent at the fixed rate."""
    paced = np.zeros(len(samples.done_ns), dtype=bool)
    for start_ns, end_ns in windows_ns:
        paced |= (samples.intended_ns >= start_ns) & (samples.intended_ns <= end_ns)
    right = samples.outcome == OK
    response_ms = (samples.done_ns - samples.intended_ns)[paced & right] / 1e6
    p50_ms, p99_ms = np.percentile(response_ms, (50, 99)) if len(response_ms) else (None, None)
    wrong = Counter(samples.outcomes[number] for number in samples.outcome[~right])
    return ArmSummary(
        p50_ms=None if p50_ms is None else float(p50_ms),
        p99_ms=None if p99_ms is None else float(p99_ms),
        errors=int((~right).sum()),
        requests=len(right),
        faults=tuple(name for name, _ in wrong.most_common(3)),
        late_p99_ms=_late_p99_ms(samples, paced, users),
    )


def _late_p99_ms(samples: Samples, paced: NDArray[np.bool_], users: int) -> float | None:
    """How late requests left for which a connection was free when they were due: the gate itself was late."""
    due_ns = samples.intended_ns
    sent, done = (np.searchsorted(np.sort(at_ns), due_ns) for at_ns in (samples.sent_ns, samples.done_ns))
    late_ms = (samples.sent_ns - due_ns - samples.connect_ns)[paced & (sent - done < users)] / 1e6
    return float(np.percentile(late_ms, 99)) if len(late_ms) else None
