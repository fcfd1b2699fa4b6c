"""How many times as much one cell has of a quantity as another, by the rule of difference."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.results.cells import CellResults
from bench.stats.comparison import Comparison, Direction
from bench.stats.format import NOTHING
from bench.stats.metrics import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A metric of the head over the base's, by the rounds that both have."""

    base: CellResults
    head: CellResults
    metric: Metric
    comparison: Comparison

    @property
    def direction(self) -> Direction:
        """Of a difference that the rounds show and that is not within the margin."""
        return "no evidence" if self.comparison.same else self.comparison.direction

    @property
    def shown(self) -> bool:
        """Whether the rounds show a difference."""
        return self.direction != "no evidence"

    @property
    def settled(self) -> bool:
        """Whether they show a difference, or prove that there is none beyond the margin."""
        return self.shown or self.comparison.same

    @property
    def grows(self) -> bool:
        """Whether a side is a bystander's wait that grew for as long as its cell lasted: the ratio grows with it."""
        return self.head.grows(self.metric) or self.base.grows(self.metric)

    @property
    def text(self) -> str:
        """The ratio with its interval; nothing where it grows."""
        return NOTHING if self.grows else self.comparison.interval_text

    @property
    def waits(self) -> str:
        """`at least 1,820 ms next to io-misuse, 2.50 ms next to io-async`: what is known where a ratio grows."""
        sides = (self.head, self.base)
        return ", ".join(f"{cell.words(self.metric)} next to {cell.scenario}" for cell in sides)

    @property
    def strength(self) -> float:
        """How far from 1, either way."""
        return abs(math.log(self.comparison.ratio))


def ratio(base: CellResults, head: CellResults, metric: Metric, family: int = 1) -> Ratio | None:
    """The ratio over the rounds that both have; None unless both cells are valid and measured.

    `family` is the number of comparisons with the same base that are made together.
    """
    found = head.against(base, metric, family)
    return None if found is None else Ratio(base=base, head=head, metric=metric, comparison=found)


def crossover(levels: Mapping[int, Ratio]) -> float | None:
    """The users at which a shown ratio passes 1, between the last shown level on one side and the next on the other.

    The logarithm of the ratio is taken to be straight over the logarithm of the users. None where no two shown levels
    lie on different sides.
    """
    shown = [(users, found) for users, found in sorted(levels.items()) if found.shown]
    for (few, before), (many, after) in itertools.pairwise(shown):
        if before.direction != after.direction:
            first, last = math.log(before.comparison.ratio), math.log(after.comparison.ratio)
            share = first / (first - last)
            return math.exp(math.log(few) + share * (math.log(many) - math.log(few)))
    return None
