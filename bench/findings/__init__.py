"""A run in a few findings: only what the repeats bear out, and plain words where they do not."""

from __future__ import annotations

from bench.findings.bottlenecks import bottlenecks
from bench.findings.contest import best_setup
from bench.findings.disturbance import disturbance
from bench.findings.duels import loop_and_parser, more_workers
from bench.findings.features import features
from bench.findings.finding import Finding
from bench.findings.limits import of_capacity, of_growth
from bench.findings.variants import async_over_sync, misuse
from bench.limits import capacity_of, growth_of
from bench.model import Run
from bench.repeats import gather

__all__ = ["Finding", "findings"]


def findings(run: Run) -> tuple[Finding, ...]:
    """What the run shows, the most useful first, then what held cells back; what was not measured has no finding.

    Before all stands whether the machine was busy with other things.
    """
    if searched := capacity_of(run):
        return tuple(of_capacity(searched))
    if grown := growth_of(run):
        return tuple(of_growth(grown))
    cells = gather(run.records)
    found = (
        disturbance(cells),
        best_setup(cells),
        loop_and_parser(run, cells),
        async_over_sync(cells),
        misuse(cells),
        more_workers(run, cells),
        features(run, cells),
    )
    return (*(finding for finding in found if finding is not None), *bottlenecks(cells))
