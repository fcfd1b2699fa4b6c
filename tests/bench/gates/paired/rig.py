"""A rig without servers: pairs that are made up, as a function of the look, the scenario and the pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.gates.paired.arms import Arm
from bench.gates.paired.caveats import Conditions
from bench.gates.paired.design import CONTROL, PairedPlan, TurnPlan
from bench.gates.paired.gate import Session
from bench.gates.paired.observation import ArmSlice, ArmSummary, Observation, Turn
from bench.gates.paired.rig import Faults, LookResult, Rehearsal
from bench.model.change import Judgement
from bench.model.plan import Setup
from bench.system.cpus import Shared
from bench.system.revisions import Tree
from scenarios.model import Request, Scenario
from scenarios.single import Always

REQUESTS = 1000
Making = Callable[[int, str, int], Observation]
"""The observation of a look (0, 1, ... in the order in which they are asked for), a scenario, and a pair."""


def pair(
    cpu: float = 0.0,
    throughput: float = 0.0,
    errors: tuple[int, int] = (0, 0),
    own_share: float = 0.3,
    latency: tuple[float, float] = (0.0, 0.0),
) -> Observation:
    """A pair whose head is so far off, as logarithms of the ratio; `own_share` is what the gate used of its core."""
    wall_ns, cpu_ns = 10_000_000, 9_000_000
    base = ArmSlice(100, wall_ns, cpu_ns, round(wall_ns * own_share))
    head_wall_ns = round(wall_ns / math.exp(throughput))
    head = ArmSlice(100, head_wall_ns, round(cpu_ns * math.exp(cpu)), round(head_wall_ns * own_share))
    sides = [
        ArmSummary(
            p50_ms=math.exp(p50),
            p99_ms=2 * math.exp(p99),
            errors=failed,
            requests=REQUESTS,
            faults=("status-500",) if failed else (),
            late_p99_ms=0.1,
        )
        for failed, (p50, p99) in zip(errors, ((0.0, 0.0), latency), strict=True)
    ]
    return Observation((Turn(base, head),), sides[0], sides[1])


@dataclass
class MadeUp:
    """A rig that notes what it was asked for."""

    make: Making
    names: Sequence[str] = ("one",)
    faults: Mapping[str, Faults] = field(default_factory=dict)
    fresh_faults: Mapping[str, Sequence[Faults]] = field(default_factory=dict)
    conditions: Conditions = field(default_factory=Conditions)
    shared: Shared = ""
    more_memory: Callable[[int, int], float] = lambda look, place: 0.0
    looks: list[tuple[str, ...]] = field(default_factory=list)
    hash_seeds: list[Sequence[int]] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)

    def rehearse(self, hash_seed: int) -> Rehearsal:
        self.hash_seeds.append([hash_seed])
        faults = {name: self.faults.get(name, Faults()) for name in self.names}
        rates_per_s = {name: 1000.0 for name, fault in faults.items() if fault.base is None}
        return Rehearsal(0.1, faults, {**rates_per_s, CONTROL: 4000.0}, ("a note of the rehearsal",))

    def find_faults(self, names: Sequence[str], hash_seeds: Sequence[int]) -> Mapping[str, Sequence[Faults]]:
        self.hash_seeds.append(hash_seeds)
        return {name: self.fresh_faults[name] for name in names}

    def look(self, plans: Mapping[str, TurnPlan], hash_seeds: Sequence[int], seed: int) -> LookResult:
        number = len(self.looks)
        self.looks.append(tuple(name for name in plans if name != CONTROL))
        self.hash_seeds.append(hash_seeds)
        self.seeds.append(seed)
        found = {name: [self.make(number, name, place) for place in range(len(hash_seeds))] for name in plans}
        memory = [
            (100_000_000, round(100_000_000 * (1 + self.more_memory(number, place))))
            for place in range(len(hash_seeds))
        ]
        return LookResult(found, memory, self.conditions)


def asked(names: Sequence[str] = ("one",), seed: int = 1, pairs: int = 8) -> PairedPlan:
    """Two arms that are never started."""
    setup, here = Setup("mine", "uvicorn"), Path()
    scenarios = {name: Scenario(name, Always(Request("GET", "/"))) for name in names}
    return PairedPlan(
        base=Arm("base", setup, Tree(here, "v1", here)),
        head=Arm("head", setup, Tree(here, "v2", here)),
        scenarios=scenarios,
        control=setup,
        control_scenario=Scenario("ping", Always(Request("GET", "/"))),
        pairs=pairs,
        seed=seed,
    )


def compared(rig: MadeUp, **how: int) -> Judgement:
    """The judgement on the pairs that a rig makes up."""
    return Session(asked(rig.names, **how), rig, lambda _: None).judgement()
