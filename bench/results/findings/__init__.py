"""A run in a few findings: only what the repeats bear out, and plain words where they do not."""

from __future__ import annotations

from bench.capacity.findings import of_capacity, of_growth
from bench.capacity.results import capacity_of, growth_of
from bench.model.record import Run
from bench.results.cells import gather
from bench.results.findings.bottlenecks import bottlenecks
from bench.results.findings.disturbance import disturbance
from bench.results.findings.duels import loop_and_parser, more_workers
from bench.results.findings.features import features
from bench.results.findings.finding import Finding
from bench.results.findings.ranking import best_setup
from bench.results.findings.variants import async_over_sync, misuse

__all__ = ["Finding", "findings"]


def findings(run: Run) -> tuple[Finding, ...]:
    """What the run shows, the most useful first, then what held cells back; what was not measured has no finding.

    Whether the machine was busy with other things stands before all, but after the answer that a search was made for.
    """
    cells = gather(run.records)
    disturbed = [found] if (found := disturbance(cells)) else []
    if searched := capacity_of(run):
        return (*of_capacity(searched), *disturbed)
    if grown := growth_of(run):
        return (*of_growth(grown), *disturbed)
    shown = (
        best_setup(cells),
        loop_and_parser(run, cells),
        async_over_sync(cells),
        misuse(cells),
        more_workers(run, cells),
        features(run, cells),
    )
    return (*disturbed, *(finding for finding in shown if finding is not None), *bottlenecks(cells))
