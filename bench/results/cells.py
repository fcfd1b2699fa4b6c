"""The records of one cell belong together, and so do cells that may be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bench.model.facts import PlanFacts
from bench.model.plan import ClosedLoad, Load
from bench.model.record import Caveat, Record
from bench.results.caveats import VICTIM_GROWS
from bench.results.differences import log_ratios, mean_over
from bench.stats.best import Standing, compare_with_best
from bench.stats.comparison import Comparison, compare
from bench.stats.estimate import Estimate, estimate
from bench.stats.format import NOTHING
from bench.stats.metrics import VICTIM_P99, Metric

Merge = Callable[[Sequence[float | None]], float | None]

Key = TypeVar("Key", bound=Hashable)
Thing = TypeVar("Thing")
Sets = TypeVar("Sets", bound=Sequence[Sequence["CellResults"]])

# The variant the others of its group are measured against: FastAPI's own way.
REFERENCES = ("async", "model")
_VARIANTS = (*REFERENCES, "sync", "offload", "misuse")

_UNPLANNED = PlanFacts()


@dataclass(frozen=True, slots=True)
class CellResults:
    """A cell (setup x scenario x engine x load) with all of its records, in the order of their repeats; at least one.

    `load_label` names the load among those of its run; `group` and `variant` are the scenario's. One invalid repeat
    makes the cell invalid: to go on with the others would be to pick the repeats one likes.
    """

    records: tuple[Record, ...]
    load_label: str
    group: str
    variant: str

    @property
    def setup(self) -> str:
        return self.records[0].cell.setup

    @property
    def scenario(self) -> str:
        return self.records[0].cell.scenario

    @property
    def engine(self) -> str:
        return self.records[0].cell.engine

    @property
    def load(self) -> Load:
        return self.records[0].cell.load

    @property
    def key(self) -> tuple[str, str, str, Load]:
        return self.records[0].cell.key

    @property
    def users(self) -> int:
        """Those of a closed load; 0 of an open one."""
        return self.load.users if isinstance(self.load, ClosedLoad) else 0

    @property
    def closed(self) -> bool:
        return isinstance(self.load, ClosedLoad)

    @property
    def where(self) -> str:
        """Engine and load: `native, 32 users`."""
        return f"{self.engine}, {self.load_label}"

    @property
    def context(self) -> tuple[str, str, Load]:
        """Shared by cells that differ in their setup alone."""
        return (self.scenario, self.engine, self.load)

    @property
    def place(self) -> tuple[str, str, Load]:
        """Shared by cells that differ in their scenario alone."""
        return (self.setup, self.engine, self.load)

    @property
    def valid(self) -> bool:
        return all(record.valid for record in self.records)

    @property
    def caveats(self) -> tuple[Caveat, ...]:
        """Every caveat of every repeat once, by code."""
        found = {caveat: None for record in self.records for caveat in record.caveats}
        return tuple(sorted(found, key=lambda caveat: (caveat.code, caveat.text)))

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(caveat.code for caveat in self.caveats))

    def grows(self, metric: Metric) -> bool:
        """Whether the metric is a bystander's wait that grew with the length of the cell."""
        return metric is VICTIM_P99 and VICTIM_GROWS in self.codes

    def show(self, metric: Metric) -> str:
        """The metric's median, without its unit: `≥ 1,820` where it grew for as long as the cell lasted."""
        found = self.estimate(metric)
        return NOTHING if found is None else ("≥ " if self.grows(metric) else "") + metric.show(found)

    def words(self, metric: Metric) -> str:
        """The same in a sentence, with its unit: `at least 1,820 ms`."""
        return f"{self.show(metric)} {metric.unit}".replace("≥", "at least")

    def estimate(self, metric: Metric) -> Estimate | None:
        """The metric's estimate over the repeats."""
        return estimate(metric.of(record) for record in self.records)

    def against(self, base: CellResults, metric: Metric, family: int = 1) -> Comparison | None:
        """The ratio to another cell's metric; None unless both are valid and measured in a common round.

        `family` is the number of comparisons with the same base that are made together.
        """
        if not (self.valid and base.valid):
            return None
        return compare(tuple(log_ratios(base.records, self.records, metric).values()), family)


def gather(records: Iterable[Record], plan: PlanFacts = _UNPLANNED) -> tuple[CellResults, ...]:
    """The records by cell, ordered by engine, load, scenario and setup; `plan` knows the variants of scenarios."""
    cells = _by(records, lambda record: record.cell.key)
    repeats = [
        CellResults(
            tuple(sorted(found, key=lambda record: record.cell.repeat)),
            _label(key[3], {other[3] for other in cells if other[2] == key[2]}),
            *plan.variant(key[1]),
        )
        for key, found in cells.items()
    ]
    return tuple(sorted(repeats, key=_order))


def across(cells: Sequence[CellResults], metric: Metric, merge: Merge) -> Estimate | None:
    """One estimate for several cells: in each repeat that all of them have, their figures merged into one."""
    figures = [{record.cell.repeat: metric.of(record) for record in cell.records} for cell in cells]
    common = sorted(set.intersection(*map(set, figures))) if figures else []
    return estimate(merge([found[repeat] for found in figures]) for repeat in common)


def compare_over(
    pairs: Sequence[tuple[CellResults, CellResults]], metric: Metric, family: int = 1
) -> Comparison | None:
    """One comparison for several pairs of base and head: the geometric mean of their ratios, round by round."""
    found = mean_over([log_ratios(base.records, head.records, metric) for base, head in pairs])
    return compare(tuple(found.values()), family)


def rank(cells: Sequence[CellResults], metric: Metric) -> tuple[tuple[CellResults, Standing], ...]:
    """The valid cells of one context by how far each lies behind the best, the best first; none below two."""
    return tuple(
        (found[0], standing)
        for found, standing in rank_over({cell.setup: (cell,) for cell in cells if cell.valid}, metric)
    )


def rank_over(
    sides: Mapping[str, Sequence[CellResults]], metric: Metric
) -> tuple[tuple[Sequence[CellResults], Standing], ...]:
    """The same for several contexts together; each side has its cells in the same order of contexts."""
    logs = {
        (base, head): tuple(
            mean_over(
                [log_ratios(one.records, other.records, metric) for one, other in zip(its, mine, strict=True)]
            ).values()
        )
        for base, its in sides.items()
        for head, mine in sides.items()
        if base != head
    }
    if len(sides) < 2 or not all(logs.values()):
        return ()
    return tuple(
        (sides[standing.name], standing) for standing in compare_with_best(logs, list(sides), metric.better)
    )


def peak(figures: Sequence[float | None]) -> float | None:
    """To merge by the largest."""
    return max((figure for figure in figures if figure is not None), default=None)


def by_context(cells: Iterable[CellResults]) -> dict[tuple[str, str, Load], tuple[CellResults, ...]]:
    """The cells by (scenario, engine, load): in each, setups may be compared."""
    return _by(cells, lambda cell: cell.context)


def by_place(cells: Iterable[CellResults]) -> dict[tuple[str, str, Load], tuple[CellResults, ...]]:
    """The cells by (setup, engine, load): in each, scenarios may be set side by side."""
    return _by(cells, lambda cell: cell.place)


def twins(cells: Iterable[CellResults]) -> tuple[tuple[CellResults, ...], ...]:
    """Sets of cells that do the same work in different ways, the reference first.

    A group without a reference variant is no set of twins: `items-list` and `items-crud` are different work.
    """
    sets = _by(cells, lambda cell: (cell.place, cell.group))
    ordered = (tuple(sorted(found, key=_variant_order)) for found in sets.values())
    return tuple(found for found in ordered if len(found) > 1 and found[0].variant in REFERENCES)


def fullest(places: Iterable[Sets]) -> Sets | None:
    """Of the sets of several places those with the most cells, of as many the native engine's at the largest load.

    At low concurrency nothing contends. None where no place has any.
    """
    return max(
        (sets for sets in places if sets),
        key=lambda sets: (sum(map(len, sets)), sets[0][0].engine == "native", sets[0][0].users),
        default=None,
    )


def _by(things: Iterable[Thing], key: Callable[[Thing], Key]) -> dict[Key, tuple[Thing, ...]]:
    found: defaultdict[Key, list[Thing]] = defaultdict(list)
    for thing in things:
        found[key(thing)].append(thing)
    return {name: tuple(members) for name, members in found.items()}


def _label(load: Load, loads: Iterable[Load]) -> str:
    """The load's own label, with its length where another load of the engine would read the same."""
    alone = sum(other.label == load.label for other in loads) == 1
    length = f"for {load.duration_s:g} s" if load.duration_s else "in slices"
    return load.label if alone else f"{load.label} {length}"


def _order(cell: CellResults) -> tuple[object, ...]:
    load = cell.load
    amount = load.users if isinstance(load, ClosedLoad) else load.arrivals_per_s
    engine = (cell.engine != "native", cell.engine)
    return (engine, not cell.closed, amount, load.duration_s, cell.group, _variant_order(cell), cell.setup)


def _variant_order(cell: CellResults) -> tuple[int, str]:
    known = _VARIANTS.index(cell.variant) if cell.variant in _VARIANTS else len(_VARIANTS)
    return (known, cell.variant)
