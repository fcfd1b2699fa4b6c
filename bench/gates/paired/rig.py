"""The rig that a comparison measures with: it starts, checks, watches and loads pairs of servers."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Protocol

from bench.errors import EngineError
from bench.gates.origin.servers import WatchedServer, check_origin, watch
from bench.gates.paired.arms import Arm, Instance, ServerPair, start_pairs
from bench.gates.paired.caveats import Conditions, worst
from bench.gates.paired.design import CONTROL, PairedPlan, TurnPlan
from bench.gates.paired.look import PairedScenario, look, rehearse
from bench.gates.paired.observation import Observation
from bench.gates.paired.other_load import CpuWatch
from bench.measure.answers import check_answers
from bench.system import host
from bench.system.cpus import Shared, shared
from bench.system.home import HOME
from bench.system.processes import Processes
from bench.system.revisions import Tree
from scenarios.model import Scenario

_MOST_ALIVE = 32
"""The servers of eight pairs with the control next to them, for which the gate was calibrated."""
_ARMS, _ARMS_OF_CONTROL = 2, 2


@dataclass(frozen=True, slots=True)
class Faults:
    """How the servers of a pair answer a scenario wrongly, in words; None where they answer correctly."""

    base: str | None = None
    head: str | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One pair before the looks: the seconds that its start took, its faults, and the base's sessions per second.

    Scenarios that the base answers wrongly, and those that were not asked for, have no rate. `notes` are on the arms.
    """

    start_s: float
    faults: Mapping[str, Faults]
    rates_per_s: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LookResult:
    """An observation for each pair of each scenario and of the control, and each pair's bytes of memory at the end.

    `conditions` are the worst of those under which pairs were loaded.
    """

    observations: Mapping[str, Sequence[Observation]]
    memory: Sequence[tuple[int, int]]
    conditions: Conditions = field(default_factory=Conditions)


class Rig(Protocol):
    """Starts pairs of servers, one for each of the hash seeds given, and loads them.

    Raises ServerError, EngineError, and GateError where an arm does not run from its own tree.
    """

    @property
    def shared(self) -> Shared:
        """What the servers and the gate share: a CPU, a core, or nothing."""

    def rehearse(self, hash_seed: int) -> Rehearsal:
        """Start a pair, check its answers under all scenarios, and load the base for about a second each."""

    def find_faults(self, names: Sequence[str], hash_seeds: Sequence[int]) -> Mapping[str, Sequence[Faults]]:
        """Start pairs and check their answers under some scenarios."""

    def look(self, plans: Mapping[str, TurnPlan], hash_seeds: Sequence[int], seed: int) -> LookResult:
        """Start pairs and load them under scenarios by their plans, the control among them."""


class Servers:
    """The rig of real servers; `cpus` are theirs, `own_cpus` the gate's."""

    def __init__(
        self,
        plan: PairedPlan,
        processes: Processes,
        cpus: Sequence[int],
        own_cpus: Sequence[int],
        note: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._processes = processes
        self._cpus = cpus
        self._own_cpus = own_cpus
        self._note = note

    @property
    def shared(self) -> Shared:
        return shared(self._cpus, self._own_cpus)

    def rehearse(self, hash_seed: int) -> Rehearsal:
        """Rehearse with a watched pair: the tree that each server runs from is proved first.

        And once more at the end, as a handler may import a module only when it is first called.
        """
        plan = self._plan
        began_s = time.monotonic()
        with (
            self._watched_arms() as (base, head, folders),
            self._pools(base, head, [hash_seed]) as (pool, control_pool),
        ):
            start_s = time.monotonic() - began_s
            watched = _watched_servers(pool[0], folders)
            _check_origins(watched)
            paired = self._paired(list(plan.scenarios), pool, control_pool)
            faults = {name: _faults(scenario, pool[0]) for name, scenario in plan.scenarios.items()}
            rates_per_s = {
                name: rehearse(one, plan.users)
                for name, one in paired.items()
                if name == CONTROL or faults[name].base is None
            }
            return Rehearsal(start_s, faults, rates_per_s, _check_origins(watched))

    def find_faults(self, names: Sequence[str], hash_seeds: Sequence[int]) -> Mapping[str, Sequence[Faults]]:
        plan = self._plan
        faults: dict[str, list[Faults]] = {name: [] for name in names}
        for some in self._batches(hash_seeds, _ARMS):
            with start_pairs(plan.base, plan.head, some, self._processes, self._cpus) as pool:
                for name in names:
                    faults[name] += [_faults(plan.scenarios[name], pair) for pair in pool]
        return faults

    def look(self, plans: Mapping[str, TurnPlan], hash_seeds: Sequence[int], seed: int) -> LookResult:
        """Load as many pairs at once as there is room for, and then the others."""
        rng = Random(seed)
        batches = self._batches(hash_seeds, _ARMS + _ARMS_OF_CONTROL)
        return merge([self._look(plans, some, rng.getrandbits(32)) for some in batches])

    def _batches(self, hash_seeds: Sequence[int], servers_of_pair: int) -> list[Sequence[int]]:
        """The hash seeds in as few parts of about one size as leave the memory half free."""
        workers = max(self._plan.base.setup.workers, self._plan.head.setup.workers)
        room = max(1, host.room_for_servers(workers, _MOST_ALIVE) // servers_of_pair)
        parts = -(-len(hash_seeds) // room)
        ends = [len(hash_seeds) * number // parts for number in range(parts + 1)]
        return [hash_seeds[start:end] for start, end in pairwise(ends)]

    def _look(self, plans: Mapping[str, TurnPlan], hash_seeds: Sequence[int], seed: int) -> LookResult:
        with self._pools(self._plan.base, self._plan.head, hash_seeds) as (pool, control_pool):
            paired = self._paired([name for name in plans if name != CONTROL], pool, control_pool)
            servers = [one.server for pair in pool for one in (pair.base, pair.head)]
            used_cpus = {cpu for server in servers for cpu in server.cpus or self._cpus}
            cpu_watch = CpuWatch(used_cpus, self._own_cpus, self._processes.children)
            self._note(f"all have started: {max(one.turns for one in plans.values())} rounds")
            observations = look(paired, plans, seed)
            conditions = cpu_watch.conditions()
            memory = [(pair.base.rss_bytes(), pair.head.rss_bytes()) for pair in pool]
        return LookResult(observations, memory, conditions)

    @contextlib.contextmanager
    def _watched_arms(self) -> Iterator[tuple[Arm, Arm, tuple[Path, ...]]]:
        """The arms with servers that note which files they load, and the folders of those notes.

        No folders for two setups in the same tree, which need no proof.
        """
        base, head = self._plan.base, self._plan.head
        if base.tree.root == head.tree.root:
            yield base, head, ()
            return
        with self._processes.folder() as base_folder, self._processes.folder() as head_folder:
            yield (
                replace(base, setup=watch(base.setup, base_folder)),
                replace(head, setup=watch(head.setup, head_folder)),
                (base_folder, head_folder),
            )

    @contextlib.contextmanager
    def _pools(
        self, base: Arm, head: Arm, hash_seeds: Sequence[int]
    ) -> Iterator[tuple[list[ServerPair], list[ServerPair]]]:
        """Pairs of the arms, and pairs of the control."""
        setup = self._plan.control
        control = Arm(CONTROL, setup, Tree(HOME, setup.about, HOME))
        with (
            start_pairs(base, head, hash_seeds, self._processes, self._cpus) as pool,
            start_pairs(control, control, hash_seeds, self._processes, self._cpus) as control_pool,
        ):
            yield pool, control_pool

    def _paired(
        self, names: Sequence[str], pool: list[ServerPair], control_pool: list[ServerPair]
    ) -> dict[str, PairedScenario]:
        plan = self._plan
        paired = {name: PairedScenario(plan.scenarios[name], pool, plan.scenarios_file) for name in names}
        return {**paired, CONTROL: PairedScenario(plan.control_scenario, control_pool)}


def merge(looks: Sequence[LookResult]) -> LookResult:
    """Several looks at different pairs as one."""
    observations = {
        name: [one for each in looks for one in each.observations[name]] for name in looks[0].observations
    }
    memory = [pair for each in looks for pair in each.memory]
    return LookResult(observations, memory, worst([each.conditions for each in looks]))


def _watched_servers(pair: ServerPair, folders: Sequence[Path]) -> list[WatchedServer]:
    """The servers of a pair; none where no folder holds their notes."""
    arms = ((pair.base, pair.head.arm), (pair.head, pair.base.arm))
    return [
        WatchedServer(
            arm=one.arm.name,
            setup=one.arm.setup.name,
            pid=one.server.pid,
            tree=one.arm.tree,
            other=other.tree,
            folder=folder,
        )
        for (one, other), folder in zip(arms, folders, strict=False)
        if one.server.pid is not None
    ]


def _check_origins(watched: Sequence[WatchedServer]) -> tuple[str, ...]:
    """Notes on servers whose origin cannot be proved."""
    notes = [check_origin(one) for one in watched]
    return tuple(one for one in notes if one is not None)


def _faults(scenario: Scenario, pair: ServerPair) -> Faults:
    return Faults(*(_fault(scenario, one) for one in (pair.base, pair.head)))


def _fault(scenario: Scenario, instance: Instance) -> str | None:
    try:
        check_answers(scenario, instance.server)
    except EngineError as error:
        return str(error)
    return None
