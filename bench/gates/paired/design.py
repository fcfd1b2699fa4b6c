"""How a comparison is laid out before it begins: its plan, its levels of significance, and the order of its turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Literal

from bench.gates.paired.arms import Arm
from bench.model.plan import Setup
from scenarios.model import Scenario

CONTROL = "(control)"  # no scenario of that name can be asked for on a command line
CONTROL_SHARE = 0.15
"""The control's share of the time for measuring."""

LOOKS = 3
ALPHA_LOOK = 0.0221
"""Two-sided level of each of three looks, so that they come to 5 % together (Pocock 1977: |z| > 2.289).

One per cent at once would need more pairs than a CI job has time for. Fresh processes confirm each change at
`ALPHA_CONFIRM`, one-sided, so a metric of two equal versions is called worse in 0.025 x 0.05 of all cases, once in 800.
"""
ALPHA_CONFIRM = 0.05
ALPHA_CONTROL = 0.0041
"""Three looks at this level come to 1 % together (Pocock: |z| > 2.873)."""
POWER = 0.95

_SLICE_S = 0.02
_MOST_SESSIONS = 64
_RATE_SHARE = 0.5
FEWEST_TURNS = 6
MOST_TURNS = 120

Order = Literal["base first", "head first"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedPlan:
    """Two arms under some scenarios, and as control a server that no change touches, compared with itself.

    Each look starts `pairs` pairs of servers; `seconds` is the time for one scenario, including the start of servers;
    `margin` is the share up to which CPU and throughput count as unchanged.
    """

    base: Arm
    head: Arm
    scenarios: Mapping[str, Scenario]
    control: Setup
    control_scenario: Scenario
    scenarios_file: Path | None = None
    pairs: int = 8
    seconds: float = 120.0
    users: int = 8
    margin: float = 0.02
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPlan:
    """How a scenario is measured on each pair.

    A turn is one slice by either server over `users` connections: `warm` sessions that are not measured and warm the
    caches again, then `measured` ones. Every `pace_every`-th round also has a turn at the fixed rate `rate_per_s` (none
    has one if it is 0), of as many sessions and at the same times for both servers.
    """

    turns: int
    warm: int
    measured: int
    users: int
    rate_per_s: float
    pace_every: int = 3


def plan_turns(rehearsed_per_s: float, pairs: int, budget_s: float, users: int = 8) -> TurnPlan:
    """Plan a scenario that a server handled at a rate in the rehearsal, on so many pairs within a budget of time.

    Slices aim at 20 ms, between one session per user and 64: shorter slices follow the machine's drift more closely.
    """
    wanted = min(_MOST_SESSIONS, max(users, _SLICE_S * rehearsed_per_s))
    measured = users * max(1, round(wanted / users))
    one_turn = TurnPlan(
        turns=1,
        warm=max(users, measured // 2),
        measured=measured,
        users=users,
        rate_per_s=rehearsed_per_s * _RATE_SHARE,
    )
    return _fill_time(one_turn, rehearsed_per_s, pairs, budget_s)


def plan_unpaced_turns(
    sessions: int, rehearsed_per_s: float, pairs: int, budget_s: float, users: int
) -> TurnPlan:
    """Plan slices of so many sessions, without turns at a fixed rate."""
    one_turn = TurnPlan(
        turns=1,
        warm=max(users, sessions // 2),
        measured=sessions,
        users=users,
        rate_per_s=rehearsed_per_s,
        pace_every=0,
    )
    return _fill_time(one_turn, rehearsed_per_s, pairs, budget_s)


def _fill_time(plan: TurnPlan, rehearsed_per_s: float, pairs: int, budget_s: float) -> TurnPlan:
    """The plan with as many turns as there is time for, within bounds."""
    turn_s = 2 * (plan.warm + plan.measured) / rehearsed_per_s
    if plan.pace_every:
        turn_s += 2 * plan.measured / plan.rate_per_s / plan.pace_every
    turns = int(budget_s / pairs / turn_s)
    return replace(plan, turns=max(FEWEST_TURNS, min(MOST_TURNS, turns)))


def orders(turns: int, rng: Random) -> list[Order]:
    """Which arm comes first in each turn: at random, and each arm once in every two turns."""
    drawn: list[Order] = []
    while len(drawn) < turns:
        two: list[Order] = ["base first", "head first"]
        rng.shuffle(two)
        drawn += two
    return drawn[:turns]


def rounds(members: Sequence[int], turns: int, rng: Random) -> list[list[int]]:
    """The members of every round, each round in its own random order."""
    return [rng.sample(list(members), len(members)) for _ in range(turns)]


def offsets_ns(sessions: int, rate_per_s: float, rng: Random) -> list[int]:
    """Poisson arrivals, the first of them after one gap."""
    at_s, drawn = 0.0, []
    for _ in range(sessions):
        at_s += rng.expovariate(rate_per_s)
        drawn.append(int(at_s * 1e9))
    return drawn
