"""The contents of a report, as data. Which kind of run has which is chosen above, where all kinds are known."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.report.chapter import Chapter
from bench.report.charts.panels import Chart
from bench.results.findings.finding import Finding
from bench.results.verdicts import Verdicts
from bench.stats.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Findings, a table that sums up, tables behind it, charts, and a chapter with tables and charts of its own.

    `verdicts` are what all of it says, as data.
    """

    findings: tuple[Finding, ...]
    summary: Table
    details: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    chapter: Chapter | None = None
    verdicts: Verdicts = field(default_factory=Verdicts)
