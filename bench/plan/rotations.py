"""The orders in which the lanes of a round are loaded."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

Member = TypeVar("Member")

_ROUNDING = 1.4
"""About the root of 2: to the nearest power of 2."""

TURN_S = 0.025
"""A family whose slices take longer has one in every second rotation, or in every fourth and so on."""
_MOST_EVERY = 16


@dataclass(frozen=True, slots=True)
class LaneFamily(Generic[Member]):
    """Lanes that will be compared, which take part in the same rotations: in every so manieth, from `first` on."""

    members: tuple[Member, ...]
    every: int = 1
    first: int = 0


def families(
    members: Sequence[Member], names: Sequence[Hashable], turns_s: Sequence[float], rng: Random
) -> list[LaneFamily[Member]]:
    """The members by the names of their families; a family's slices take as long as the mean of its members' turns.

    So each lane gets about the same time, and the quick ones more slices. A slow family has its slices in rotations in
    which every quicker one has some, so that lanes of any two families can be compared.
    """
    number = rng.randrange(_MOST_EVERY)
    found: dict[Hashable, list[tuple[Member, float]]] = {}
    for member, name, turn_s in zip(members, names, turns_s, strict=True):
        found.setdefault(name, []).append((member, turn_s))
    made = []
    for some in found.values():
        mean_s = sum(turn_s for _, turn_s in some) / len(some)
        every = 1
        while mean_s > TURN_S * every * _ROUNDING and every < _MOST_EVERY:
            every *= 2
        made.append(LaneFamily(tuple(member for member, _ in some), every, number % every))
    return made


def orders(found: Sequence[LaneFamily[Member]], rng: Random) -> Iterator[list[Member]]:
    """Orders without end: the members of one family next to each other, all else at random.

    Every second turn of a family has its order the other way round: in each two every lane comes as early as it comes
    late, so that a steady drift favours none. The first rotation has all families.
    """
    last: dict[int, list[Member]] = {}
    for number in itertools.count():
        order = []
        for place in rng.sample(range(len(found)), len(found)):
            family = found[place]
            if number and (number - family.first) % family.every:
                continue
            drawn = last.pop(place, [])[::-1]
            if not drawn:
                drawn = last[place] = rng.sample(family.members, len(family.members))
            order += drawn
        yield order
