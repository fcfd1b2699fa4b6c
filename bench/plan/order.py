"""A plan -> its cells, in the order in which they are measured."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from bench.model.plan import Block, Cell, ClosedLoad, Load, OpenLoad, Plan, Shape


@dataclass(frozen=True, slots=True)
class Visit:
    """One start of a setup's server, and the cells that are measured on it in this order."""

    setup: str
    repeat: int
    cells: tuple[Cell, ...]


def cells(plan: Plan) -> tuple[Cell, ...]:
    """Every cell of a plan, each once, with the most repeats that any block asks for it."""
    repeats: dict[tuple[str, str, str, Load], int] = {}
    for block in plan.blocks:
        for key in _keys(block):
            repeats[key] = max(repeats.get(key, 0), block.repeats)
    return tuple(Cell(*key, repeat=repeat) for key, count in repeats.items() for repeat in range(count))


def visits(plan: Plan) -> tuple[Visit, ...]:
    """Rounds, one per repeat; in each the setups in random order, and on each its cells in random order.

    Drift of the machine is thereby spread over all setups alike. The plan's seed decides the order.
    """
    rng = Random(plan.seed)
    all_cells = cells(plan)
    order = []
    for repeat in range(max((cell.repeat for cell in all_cells), default=-1) + 1):
        mine = [cell for cell in all_cells if cell.repeat == repeat]
        setups = list(dict.fromkeys(cell.setup for cell in mine))
        rng.shuffle(setups)
        for setup in setups:
            here = [cell for cell in mine if cell.setup == setup]
            rng.shuffle(here)
            order.append(Visit(setup, repeat, tuple(here)))
    return tuple(order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Values in place of a plan's own; empty or None leaves the plan's.

    `users` and `rates` replace the loads, each of which keeps the duration and warm-up of the one it replaces.
    """

    setups: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    users: tuple[int, ...] = ()
    rates: tuple[float, ...] = ()
    duration_s: float | None = None
    warmup_s: float | None = None
    arrivals: Literal["poisson", "uniform"] | None = None
    max_sessions: int | None = None
    think_s: float | None = None
    shape: Shape | None = None
    repeats: int | None = None
    seed: int | None = None
    processes: int | None = None


def override(plan: Plan, given: Overrides) -> Plan:
    """The plan with what is given in place of its own; blocks that fall together are measured once.

    Where setups, scenarios and loads are all given there is nothing of the plan's own to vary: its first block counts.
    """
    whole = given.setups and given.scenarios and (given.users or given.rates)
    blocks = tuple(
        Block(
            given.setups or block.setups,
            given.scenarios or block.scenarios,
            given.engines or block.engines,
            tuple(dict.fromkeys(load for old in block.loads for load in _loads(old, given))),
            repeats=block.repeats if given.repeats is None else given.repeats,
        )
        for block in (plan.blocks[:1] if whole else plan.blocks)
    )
    return replace(
        plan,
        blocks=blocks,
        seed=plan.seed if given.seed is None else given.seed,
        processes=given.processes or plan.processes,
    )


def without(plan: Plan, setups: Collection[str]) -> Plan:
    """The plan without these setups, and without the blocks that had no others."""
    left = (
        replace(block, setups=tuple(name for name in block.setups if name not in setups))
        for block in plan.blocks
    )
    return replace(plan, blocks=tuple(block for block in left if block.setups))


def _loads(old: Load, given: Overrides) -> Iterator[Load]:
    duration_s = old.duration_s if given.duration_s is None else given.duration_s
    warmup_s = old.warmup_s if given.warmup_s is None else given.warmup_s
    if given.users or given.rates:
        for users in given.users:
            yield _closed(ClosedLoad(users, duration_s, warmup_s), given)
        for rate in given.rates:
            yield _open(OpenLoad(rate, duration_s, warmup_s), given)
    elif isinstance(old, OpenLoad):
        yield _open(replace(old, duration_s=duration_s, warmup_s=warmup_s), given)
    else:
        yield _closed(replace(old, duration_s=duration_s, warmup_s=warmup_s), given)


def _closed(load: ClosedLoad, given: Overrides) -> ClosedLoad:
    think_s = load.think_s if given.think_s is None else given.think_s
    return replace(load, think_s=think_s, shape=given.shape or load.shape)


def _open(load: OpenLoad, given: Overrides) -> OpenLoad:
    return replace(
        load,
        arrivals=given.arrivals or load.arrivals,
        max_sessions=given.max_sessions or load.max_sessions,
        shape=given.shape or load.shape,
    )


def _keys(block: Block) -> Iterator[tuple[str, str, str, Load]]:
    for setup in block.setups:
        for scenario in block.scenarios:
            for engine in block.engines:
                for load in block.loads:
                    yield setup, scenario, engine, load
