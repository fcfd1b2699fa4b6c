"""A run in a few findings: only differences that the rounds show, and plain words where they show none."""

from __future__ import annotations

from bench.results.findings.bottlenecks import bottlenecks
from bench.results.findings.disturbance import disturbance
from bench.results.findings.duels import loop_and_parser, more_workers
from bench.results.findings.features import features
from bench.results.findings.finding import Finding
from bench.results.findings.ranking import best_setup
from bench.results.findings.variants import async_over_sync, misuse
from bench.results.results import Results


def findings(results: Results) -> tuple[Finding, ...]:
    """The findings of a run of a plan, the most useful first, then the bottlenecks.

    What was not measured has no finding. Whether the machine was busy with other things stands before all.
    """
    shown = (
        disturbance(results.cells),
        best_setup(results.cells, results.facts.took_s),
        loop_and_parser(results),
        async_over_sync(results.cells),
        misuse(results.cells),
        more_workers(results),
        features(results),
    )
    return (*(finding for finding in shown if finding is not None), *bottlenecks(results.cells))
