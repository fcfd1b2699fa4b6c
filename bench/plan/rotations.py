"""The orders in which the lanes of a round are loaded."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from random import Random
from typing import TypeVar

Member = TypeVar("Member")


def orders(lanes: Sequence[Member], families: Sequence[Hashable], rng: Random) -> Iterator[list[Member]]:
    """Orders without end: those of one family, which will be compared, next to each other, all else at random.

    Every second order is the one before it the other way round: in each two rotations every lane comes as early as it
    comes late, so that a steady drift favours none.
    """
    while True:
        order = _draw(lanes, families, rng)
        yield order
        yield order[::-1]


def _draw(lanes: Sequence[Member], families: Sequence[Hashable], rng: Random) -> list[Member]:
    members: dict[Hashable, list[Member]] = {}
    for lane, family in zip(lanes, families, strict=True):
        members.setdefault(family, []).append(lane)
    drawn = list(members.values())
    rng.shuffle(drawn)
    for some in drawn:
        rng.shuffle(some)
    return [lane for some in drawn for lane in some]
