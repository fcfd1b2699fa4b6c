"""How throughput grew with the number of workers in a run, and what holds it back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.capacity.scaling import FEWEST, Law, ScalingBottleneck, bottleneck, fit
from bench.model.record import Caveat
from bench.results.cells import CellResults
from bench.results.differences import log_ratios
from bench.results.results import Results
from bench.stats.comparison import Comparison, compare
from bench.stats.estimate import Estimate
from bench.stats.metrics import THROUGHPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Throughput by the number of workers, the law drawn through its medians, and what holds scaling back.

    `kept` is the throughput of the most workers over what linear scaling from the fewest would give, by the rule of
    difference; None where no round has both.
    """

    setup: str
    scenario: str
    points: Mapping[int, Estimate]
    caveats: Mapping[int, tuple[Caveat, ...]]
    law: Law
    brake: ScalingBottleneck
    cpus: int
    kept: Comparison | None


def growth_of(results: Results) -> Growth | None:
    """The scaling of a run over numbers of workers; None when it was none, or fewer than three were measured."""
    facts = results.facts.scaling
    if facts is None:
        return None
    points, cells = {}, {}
    for cell in results.cells:
        found, workers = cell.estimate(THROUGHPUT), results.facts.plan.setup(cell.setup).workers
        if found and found.median > 0 and workers is not None:
            points[workers], cells[workers] = found, cell
    if len(points) < FEWEST:
        return None
    kept, cpus = _kept(cells), facts.cpus or 0
    return Growth(
        setup=facts.setup,
        scenario=facts.scenario,
        points=dict(sorted(points.items())),
        caveats={workers: cell.caveats for workers, cell in cells.items()},
        law=fit({n: found.median for n, found in points.items()}),
        brake=bottleneck(_laws(cells), kept, max(points), cpus),
        cpus=cpus,
        kept=kept,
    )


def _kept(cells: Mapping[int, CellResults]) -> Comparison | None:
    """Throughput of the most workers over linear growth from the fewest."""
    few, many = min(cells), max(cells)
    logs = log_ratios(cells[few].records, cells[many].records, THROUGHPUT)
    return compare([one - math.log(many / few) for one in logs.values()])


def _laws(cells: Mapping[int, CellResults]) -> list[Law]:
    """The law of each round that has every number of workers."""
    rounds: dict[int, dict[int, float]] = {}
    for workers, cell in cells.items():
        for record in cell.records:
            if figure := THROUGHPUT.of(record):
                rounds.setdefault(record.cell.repeat, {})[workers] = figure
    return [fit(figures) for figures in rounds.values() if len(figures) == len(cells)]
