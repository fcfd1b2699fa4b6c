"""Which cells of two runs belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

from bench.model.plan import Load
from bench.results.anchor import is_anchor
from bench.results.cells import CellResults, gather
from bench.results.results import Results


@dataclass(frozen=True, slots=True, eq=False)
class CellPair:
    """One cell in both runs; a run may lack it, never both. A pair is equal to itself alone."""

    base: CellResults | None
    head: CellResults | None

    @property
    def either(self) -> CellResults:
        """The base's cell where it has one."""
        found = self.base or self.head
        assert found is not None
        return found

    @property
    def name(self) -> str:
        """`uvicorn / noop-async / native / 32 users`, and both loads where they differ."""
        cell = self.either
        loads = dict.fromkeys(part.load_label for part in (self.base, self.head) if part)
        return f"{cell.setup} / {cell.scenario} / {cell.engine} / {' against '.join(loads)}"

    @property
    def sides(self) -> tuple[CellResults, CellResults] | None:
        """Base and head; None where a run lacks the cell."""
        return (self.base, self.head) if self.base and self.head else None

    @property
    def anchors(self) -> bool:
        """Whether it is an anchor that both runs have."""
        return is_anchor(self.either) and self.sides is not None


def pairs(base: Results, head: Results) -> tuple[CellPair, ...]:
    """The cells of both runs, side by side.

    Cells that differ in how long they were measured alone belong together; then those of a setup, scenario and engine
    that is left with one load on either side.
    """
    cells = gather(base.records + head.records, base.facts.plan)
    in_base, in_head = ({cell.key: cell for cell in run.cells} for run in (base, head))
    found = [CellPair(_part(cell, in_base), _part(cell, in_head)) for cell in cells]
    for key in (_but_for_time, _but_for_load):
        lone: defaultdict[Hashable, list[CellPair]] = defaultdict(list)
        for pair in (pair for pair in found if pair.sides is None):
            lone[key(pair.either)].append(pair)
        for some in lone.values():
            base_alone = [pair for pair in some if pair.base]
            head_alone = [pair for pair in some if pair.head]
            if len(base_alone) == len(head_alone) == 1:
                found[found.index(base_alone[0])] = CellPair(base_alone[0].base, head_alone[0].head)
                found.remove(head_alone[0])
    return tuple(found)


def _but_for_load(cell: CellResults) -> Hashable:
    return (cell.setup, cell.scenario, cell.engine)


def _but_for_time(cell: CellResults) -> Hashable:
    return (_but_for_load(cell), replace(cell.load, duration_s=0.0, warmup_s=0.0))


def _part(cell: CellResults, mine: Mapping[tuple[str, str, str, Load], CellResults]) -> CellResults | None:
    """The repeats that belong to one of the two runs."""
    found = mine.get(cell.key)
    return replace(found, load_label=cell.load_label) if found else None
