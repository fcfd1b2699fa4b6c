"""The study as a chapter of a report: what it says in front, its tables and its charts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.report.charts.panels import Chart
from bench.report.study import study_charts
from bench.results.results import Results
from bench.results.study import Study, study_of
from bench.results.study.tables import claim_table, cost_table, plateau_table, ratio_table, rule_table
from bench.stats.table import Table

_TITLE = "Async or sync: the study"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A heading, paragraphs, the tables of what was found and those of the figures behind it, and charts."""

    title: str
    text: tuple[str, ...]
    tables: tuple[Table, ...]
    details: tuple[Table, ...]
    charts: tuple[Chart, ...]


def chapter(results: Results) -> Chapter | None:
    """None for a run in which no twins met at several numbers of users."""
    study = study_of(results)
    if study is None:
        return None
    tall = tuple(ladder for ladder in study.ladders if ladder.tall)
    found = (rule_table(study.rules), claim_table(study.claims))
    behind = (ratio_table(tall), plateau_table(study.plateaus), cost_table(study.costs))
    return Chapter(
        title=_TITLE,
        text=tuple(_text(study)),
        tables=_with_rows(found),
        details=_with_rows(behind),
        charts=study_charts(study),
    )


def _with_rows(tables: Iterable[Table]) -> tuple[Table, ...]:
    return tuple(table for table in tables if table.rows)


def _text(study: Study) -> list[str]:
    settled = sum(rule.shown for rule in study.rules)
    said = [
        "When an endpoint should be async def, when def, and what getting it wrong costs, on this machine and for "
        f"this app: {settled} rules are settled by the rounds, {len(study.rules) - settled} are not.",
    ]
    predicted = [one for one in study.plateaus if one.cell.valid]
    if predicted:
        met = sum(one.met for one in predicted)
        said.append(
            f"Of {len(predicted)} plateaus that arithmetic predicts {met} were met within 15 %; the table of plateaus "
            "says why the others were not."
        )
    return [*said, study.missing] if study.missing else said
