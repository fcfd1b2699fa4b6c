"""How throughput grew with the number of workers in a run, and what holds it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.capacity.scaling import FEWEST, Law, ScalingBottleneck, bottleneck, fit
from bench.model.record import Caveat
from bench.results.results import Results
from bench.stats.estimate import Estimate
from bench.stats.metrics import THROUGHPUT

_FITTED = ("median", "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Throughput by the number of workers, the law drawn through its medians, and what holds scaling back."""

    setup: str
    scenario: str
    points: Mapping[int, Estimate]
    caveats: Mapping[int, tuple[Caveat, ...]]
    law: Law
    brake: ScalingBottleneck
    cpus: int


def growth_of(results: Results) -> Growth | None:
    """The scaling of a run over numbers of workers; None when it was none, or fewer than three were measured."""
    facts = results.facts.scaling
    if facts is None:
        return None
    points, caveats = {}, {}
    for cell in results.cells:
        found, workers = cell.estimate(THROUGHPUT), results.facts.plan.setup(cell.setup).workers
        if found and found.median > 0 and workers is not None:
            points[workers], caveats[workers] = found, cell.caveats
    if len(points) < FEWEST:
        return None
    laws = [fit({n: getattr(found, which) for n, found in points.items()}) for which in _FITTED]
    cpus = facts.cpus or 0
    return Growth(
        setup=facts.setup,
        scenario=facts.scenario,
        points=dict(sorted(points.items())),
        caveats=caveats,
        law=laws[0],
        brake=bottleneck(laws, widest_spread(points), max(points), cpus),
        cpus=cpus,
    )


def widest_spread(points: Mapping[int, Estimate]) -> float | None:
    """The widest range of repeats, as a share of their median; None where a number of workers has one repeat."""
    spreads = [found.spread for found in points.values() if found.spread is not None]
    return max(spreads) if len(spreads) == len(points) else None
