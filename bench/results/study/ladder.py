"""The same work, written in different ways, at rising numbers of users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.model.plan import ClosedLoad
from bench.results.cells import REFERENCES, CellResults
from bench.results.study.ratio import Ratio, ratio
from bench.results.study.shipped import work_of
from bench.stats.metrics import Metric

_ORDER = (*REFERENCES, "sync", "offload", "misuse")


@dataclass(frozen=True, slots=True)
class Ladder:
    """One group of twins on one setup: `levels` gives by the number of users the cell of each variant."""

    setup: str
    engine: str
    group: str
    levels: Mapping[int, Mapping[str, CellResults]]

    @property
    def work(self) -> str:
        """What the twins do, in a few words."""
        return work_of(self.group)

    @property
    def variants(self) -> tuple[str, ...]:
        """The ways to do it, the reference first."""
        return tuple(sorted({variant for cells in self.levels.values() for variant in cells}, key=_place))

    @property
    def pair(self) -> tuple[str, str]:
        """The two that are compared: the reference, and of the others the one that it meets at the most levels."""
        first, *others = self.variants
        return first, max(others, key=lambda other: len(self._shared(first, other)))

    def cells(self, variant: str) -> dict[int, CellResults]:
        """The cells of a variant by users."""
        return {users: cells[variant] for users, cells in self.levels.items() if variant in cells}

    def ratios(self, base: str, head: str, metric: Metric) -> dict[int, Ratio]:
        """The ratio of two variants by users, where both are there and valid.

        The family of a level are all variants that are compared with the reference there.
        """
        theirs, mine = self.cells(base), self.cells(head)
        pairs = {
            users: ratio(theirs[users], mine[users], metric, family=max(1, len(self.levels[users]) - 1))
            for users in mine
            if users in theirs
        }
        return {users: found for users, found in pairs.items() if found is not None}

    @property
    def tall(self) -> bool:
        """Whether the pair was measured at several levels, which makes a picture."""
        return len(self._shared(*self.pair)) > 1

    def _shared(self, one: str, other: str) -> set[int]:
        return self.cells(one).keys() & self.cells(other).keys()


def ladders(cells: Iterable[CellResults]) -> tuple[Ladder, ...]:
    """The ladders of two or more variants, one of them a reference; of loads with as many users, that of most variants.

    More users may have a longer warm-up: levels of one ladder may differ in more than their users.
    """
    found: dict[tuple[str, str, str], dict[int, dict[ClosedLoad, dict[str, CellResults]]]] = {}
    for cell in cells:
        load = cell.load
        if isinstance(load, ClosedLoad) and load.shape == "constant" and not load.think_s:
            levels = found.setdefault((cell.setup, cell.engine, cell.group), {})
            levels.setdefault(load.users, {}).setdefault(load, {})[cell.variant] = cell
    made = (
        Ladder(*key, {users: max(loads.values(), key=len) for users, loads in sorted(levels.items())})
        for key, levels in found.items()
    )
    return tuple(ladder for ladder in made if len(ladder.variants) > 1 and ladder.variants[0] in REFERENCES)


def _place(variant: str) -> tuple[int, str]:
    return (_ORDER.index(variant) if variant in _ORDER else len(_ORDER), variant)
