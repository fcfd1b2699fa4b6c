"""How certain the comparisons of a run are so far."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.results.cells import CellResults, by_context, rank, twins
from bench.stats.metrics import THROUGHPUT


@dataclass(frozen=True, slots=True)
class Precision:
    """The least certain ratio of throughputs: half of its interval, a share, and what is compared with what."""

    half_width: float
    where: str


def least_certain(cells: Sequence[CellResults]) -> Precision | None:
    """Of setups against the best of their scenario, of variants where no setups are compared; None without any."""
    found = list(_setups(cells)) or list(_variants(cells))
    return max(found, key=lambda one: (one.half_width, one.where), default=None)


def _setups(cells: Sequence[CellResults]) -> Iterable[Precision]:
    for members in by_context([cell for cell in cells if cell.closed]).values():
        for cell, standing in rank(members, THROUGHPUT):
            half_width = standing.half_width if standing.rounds > 1 else math.inf
            yield Precision(half_width, f"{cell.setup} in {cell.scenario}")


def _variants(cells: Sequence[CellResults]) -> Iterable[Precision]:
    for base, *heads in twins([cell for cell in cells if cell.closed]):
        for head in heads:
            found = head.against(base, THROUGHPUT, len(heads))
            if found is not None and not math.isinf(found.half_width):
                yield Precision(found.half_width, f"{head.scenario} against {base.scenario}")
