"""How a comparison is laid out before it begins: pairs, turns, their order, and how often the evidence is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

Order = Literal["base first", "head first"]


@dataclass(frozen=True, slots=True)
class Size:
    """How a scenario is measured on each pair.

    A turn is `warm` sessions that are not measured (they warm the caches again) and `measured` ones, by either server,
    over `users` connections. In every `pace_every`-th round, in none where it is 0, there is a turn at `rate_per_s` as
    well, of as many sessions at the same times for both.
    """

    turns: int
    warm: int
    measured: int
    users: int
    rate_per_s: float
    pace_every: int = 3


_SLICE_S = 0.02
_MOST = 64
_RATE_SHARE = 0.5
CONTROL_SHARE = 0.15
"""Of the time for measuring."""
FEWEST_TURNS = 6
MOST_TURNS = 120


def size(rehearsed_per_s: float, pairs: int, budget_s: float, users: int = 8) -> Size:
    """The size for a scenario that a server handled at a rate in a rehearsal, on so many pairs in so much time.

    Slices aim at 20 ms, between one session a user and 64: finer slices follow the machine's drift closer.
    """
    wanted = min(_MOST, max(users, _SLICE_S * rehearsed_per_s))
    measured = users * max(1, round(wanted / users))
    shape = Size(1, max(users, measured // 2), measured, users, rehearsed_per_s * _RATE_SHARE)
    return _filling(shape, rehearsed_per_s, pairs, budget_s)


def unpaced(sessions: int, rehearsed_per_s: float, pairs: int, budget_s: float, users: int) -> Size:
    """The size for slices of so many sessions, without turns at a fixed rate."""
    shape = Size(1, max(users, sessions // 2), sessions, users, rehearsed_per_s, pace_every=0)
    return _filling(shape, rehearsed_per_s, pairs, budget_s)


def _filling(shape: Size, rehearsed_per_s: float, pairs: int, budget_s: float) -> Size:
    """As many turns as there is time for, within bounds."""
    turn_s = 2 * (shape.warm + shape.measured) / rehearsed_per_s
    if shape.pace_every:
        turn_s += 2 * shape.measured / shape.rate_per_s / shape.pace_every
    turns = int(budget_s / pairs / turn_s)
    return replace(shape, turns=max(FEWEST_TURNS, min(MOST_TURNS, turns)))


def orders(turns: int, rng: Random) -> list[Order]:
    """Who comes first in each turn: at random, and as often the one as the other in every two."""
    drawn: list[Order] = []
    while len(drawn) < turns:
        two: list[Order] = ["base first", "head first"]
        rng.shuffle(two)
        drawn += two
    return drawn[:turns]


def rounds(members: Sequence[int], turns: int, rng: Random) -> list[list[int]]:
    """The members of every round in an order of their own."""
    return [rng.sample(list(members), len(members)) for _ in range(turns)]


def offsets_ns(sessions: int, rate_per_s: float, rng: Random) -> list[int]:
    """Poisson arrivals, the first of them after one gap."""
    at_s, drawn = 0.0, []
    for _ in range(sessions):
        at_s += rng.expovariate(rate_per_s)
        drawn.append(int(at_s * 1e9))
    return drawn
