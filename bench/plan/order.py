"""A plan -> its cells, in the order in which they are measured."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from bench.model.plan import Block, Cell, ClosedLoad, Load, OpenLoad, Plan, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Setups of a round whose servers live at the same time, and what is measured on them.

    `lanes` are measured in slices, in turn; `stretches` one after the other, in this order. `anchor` is the lane that
    all groups of the round share, where there are several; it is among the lanes, in one group as a lane of its own,
    in the others as a guest.
    """

    round: int
    setups: tuple[str, ...]
    lanes: tuple[Cell, ...]
    stretches: tuple[Cell, ...]
    anchor: Cell | None = None
    anchor_is_guest: bool = False


def cells(plan: Plan) -> tuple[Cell, ...]:
    """Every cell of a plan, each once a round, in the most rounds that any block asks for it."""
    rounds: dict[tuple[str, str, str, Load], int] = {}
    for block in plan.blocks:
        for setup, scenario, engine, load in _keys(block):
            key = (setup, scenario, engine, _in_slices(load) if _is_lane(plan, engine, load) else load)
            rounds[key] = max(rounds.get(key, 0), block.rounds)
    return tuple(Cell(*key, repeat=repeat) for key, count in rounds.items() for repeat in range(count))


def count_rounds(plan: Plan) -> int:
    """The number of rounds that some block asks for."""
    return max((block.rounds for block in plan.blocks), default=0)


def groups(plan: Plan, number: int, most_alive: int) -> tuple[Group, ...]:
    """A round's groups of at most so many setups, drawn at random; a long plan has each setup alone.

    The plan's seed and the round decide. Setups whose lanes are compared live together as far as they may; where they
    cannot, each group has the plan's first lane as its anchor.
    """
    rng = Random(f"{plan.seed} {number}")
    mine = [replace(cell, repeat=number) for cell in _in_round(plan, number)]
    setups = list(dict.fromkeys(cell.setup for cell in mine))
    rng.shuffle(setups)
    size = 1 if plan.long else max(1, most_alive)
    lanes = [cell for cell in mine if cell.in_slices]
    anchor = lanes[0] if lanes and len(setups) > size > 1 else None
    if anchor is not None:
        setups.remove(anchor.setup)
        parts = _parts(setups, size - 1)
        parts[0].append(anchor.setup)
    else:
        parts = _parts(setups, size)
    found = []
    for names in parts:
        here = [cell for cell in mine if cell.setup in names]
        rng.shuffle(here)
        own = tuple(cell for cell in here if cell.in_slices)
        shared = (anchor,) if anchor is not None and anchor not in own and own else ()
        found.append(
            Group(
                round=number,
                setups=(*names, *(cell.setup for cell in shared)),
                lanes=(*own, *shared),
                stretches=tuple(cell for cell in here if not cell.in_slices),
                anchor=anchor if own else None,
                anchor_is_guest=bool(shared),
            )
        )
    return tuple(found)


def _parts(setups: list[str], size: int) -> list[list[str]]:
    """In parts of about equal size, none above it."""
    count = max(1, -(-len(setups) // max(1, size)))
    return [setups[part::count] for part in range(count)]


def _in_round(plan: Plan, number: int) -> Iterator[Cell]:
    """The cells of a round; a round beyond those of the plan measures what the plan's last rounds would."""
    last = count_rounds(plan) - 1
    return (cell for cell in cells(plan) if cell.repeat == min(number, last))


def _is_lane(plan: Plan, engine: str, load: Load) -> bool:
    """Whether a cell can be measured in slices: users who never pause, always as many, of one native generator."""
    steady = isinstance(load, ClosedLoad) and load.shape == "constant" and not load.think_s
    return engine == "native" and steady and plan.processes in (None, 1) and not plan.long


def _in_slices(load: Load) -> Load:
    return replace(load, duration_s=0.0, warmup_s=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Values in place of a plan's own; empty or None leaves the plan's.

    `users` and `rates` replace the loads, each of which keeps the length and warm-up of the one it replaces.
    """

    setups: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    users: tuple[int, ...] = ()
    rates: tuple[float, ...] = ()
    stretch_s: float | None = None
    warmup_s: float | None = None
    arrivals: Literal["poisson", "uniform"] | None = None
    max_sessions: int | None = None
    think_s: float | None = None
    shape: Shape | None = None
    timeout_s: float | None = None
    rounds: int | None = None
    minutes: float | None = None
    long: bool = False
    seed: int | None = None
    processes: int | None = None
    fail_if: tuple[str, ...] = ()


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
            rounds=block.rounds if given.rounds is None else given.rounds,
        )
        for block in (plan.blocks[:1] if whole else plan.blocks)
    )
    return replace(
        plan,
        blocks=blocks,
        seed=plan.seed if given.seed is None else given.seed,
        processes=given.processes or plan.processes,
        minutes=plan.minutes if given.minutes is None else given.minutes,
        long=plan.long or given.long,
        fail_if=given.fail_if or plan.fail_if,
    )


def without(plan: Plan, setups: Collection[str]) -> Plan:
    """The plan without these setups, and without the blocks that had no others."""
    left = (
        replace(block, setups=tuple(name for name in block.setups if name not in setups))
        for block in plan.blocks
    )
    return replace(plan, blocks=tuple(block for block in left if block.setups))


def _loads(old: Load, given: Overrides) -> Iterator[Load]:
    duration_s = old.duration_s if given.stretch_s is None else given.stretch_s
    warmup_s = old.warmup_s if given.warmup_s is None else given.warmup_s
    timeout_s = old.timeout_s if given.timeout_s is None else given.timeout_s
    if given.users or given.rates:
        for users in given.users:
            yield _closed(ClosedLoad(users, duration_s, warmup_s, timeout_s=timeout_s), given)
        for rate in given.rates:
            yield _open(OpenLoad(rate, duration_s, warmup_s, timeout_s=timeout_s), given)
    elif isinstance(old, OpenLoad):
        yield _open(replace(old, duration_s=duration_s, warmup_s=warmup_s, timeout_s=timeout_s), given)
    else:
        yield _closed(replace(old, duration_s=duration_s, warmup_s=warmup_s, timeout_s=timeout_s), given)


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
