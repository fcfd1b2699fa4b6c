"""Sessions of several kinds in fixed proportions."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from math import gcd
from random import Random
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from scenarios import mistakes
from scenarios.mistakes import ScenarioError

if TYPE_CHECKING:
    from scenarios.model import Flow

_LARGEST = 10_000


class Mix:
    """A flow whose sessions are those of several flows, by weight: `Mix((80, browse), (18, edit), (2, log_in))`.

    Each user plays a shuffled deck in which every flow is as often as its weight says, over and over: the proportions
    hold after every deck, and a seed repeats the order. `parts` are the pairs, with the smallest weights of these
    proportions. Raises ScenarioError for weights that are not whole numbers above 0, and for what is not a flow.
    """

    def __init__(self, *weighted: tuple[int, Callable[..., Flow]]) -> None:
        weights = [_check(one) for one in weighted]
        if not weights:
            raise ScenarioError("a Mix of nothing: give pairs such as (80, browse)", mistakes.caller_place())
        divisor = reduce(gcd, weights)
        if sum(weights) // divisor > _LARGEST:
            raise ScenarioError(
                f"the weights of a Mix add up to {sum(weights)}: give smaller ones, {_LARGEST} in all at most",
                mistakes.caller_place(),
            )
        self.parts = tuple((weight // divisor, flow) for weight, flow in weighted)
        self._deck = [flow for weight, flow in weighted for _ in range(weight // divisor)]
        self._left: WeakKeyDictionary[Random, list[Callable[..., Flow]]] = WeakKeyDictionary()

    def __call__(self, rng: Random, *state: object) -> Flow:
        left = self._left.get(rng)
        if not left:
            left = self._left[rng] = self._deck[:]
            rng.shuffle(left)
        return left.pop()(rng, *state)


def _check(weighted: tuple[int, Callable[..., Flow]]) -> int:
    """The weight of a pair."""
    if not isinstance(weighted, tuple) or len(weighted) != 2:
        raise ScenarioError(
            f"a Mix has {weighted!r}: give pairs of a weight and a flow, such as (80, browse)",
            mistakes.caller_place(),
        )
    weight, flow = weighted
    if type(weight) is not int or weight < 1:
        raise ScenarioError(
            f"a weight of a Mix is {weight!r}: give whole numbers above 0", mistakes.caller_place()
        )
    mistakes.check_flow("a flow of a Mix", flow, (1, 2))
    return weight
