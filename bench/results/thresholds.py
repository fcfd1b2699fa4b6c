"""The limits of a run (`--fail-if`) against its cells: passed, failed, or undecided, which does not pass either."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.errors import unknown
from bench.model.record import RequestSummary, Summary
from bench.results.caveats import INVALIDATING
from bench.results.cells import CellResults
from bench.results.results import Results
from bench.stats.conditions import ERRORS, Condition, parse_threshold, split_scope
from bench.stats.format import NOTHING, figure
from bench.stats.table import Column, Row, Table, label, prose

ThresholdWord = Literal["passed", "failed", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdVerdict:
    """A limit against one cell, or one of its requests; the figure is the median of the rounds, errors are of all.

    `setup`, `engine` and `load` are None where nothing that the limit speaks of was measured.
    """

    threshold: str
    verdict: ThresholdWord
    setup: str | None
    scenario: str | None
    engine: str | None
    load: str | None
    request: str | None
    metric: str
    figure: float | None
    limit: float
    unit: str
    why: str

    @property
    def place(self) -> str:
        """`uvicorn / shopping / native / 32 users / GET /items`"""
        parts = (self.setup, self.scenario, self.engine, self.load, self.request)
        return " / ".join(part for part in parts if part) or "no cell"

    @property
    def sentence(self) -> str:
        """`p99>50ms: uvicorn / shopping / native / 32 users: 61.2 ms`"""
        measured = figure(self.figure, self.unit)
        return ": ".join(part for part in (self.threshold, self.place, measured, self.why) if part)


def judge_thresholds(results: Results) -> tuple[ThresholdVerdict, ...]:
    """A verdict for each limit of the run's plan and each cell that it speaks of."""
    known = list(dict.fromkeys([*results.facts.plan.scenarios, *(cell.scenario for cell in results.cells)]))
    limits = [_Limit(condition, *_resolve(condition, known)) for condition in _conditions(results)]
    return tuple(verdict for one in limits for verdict in _judge(one, limits, results.cells))


def threshold_table(results: Results) -> Table:
    """A row for each limit and cell, those that did not pass first."""
    found = sorted(judge_thresholds(results), key=lambda one: one.verdict == "passed")
    columns = (label("verdict"), label("fails if"), label("where"), Column("measured"), prose("reason"))
    rows = tuple(
        Row((one.verdict, one.threshold, one.place, figure(one.figure, one.unit) or NOTHING, one.why))
        for one in found
    )
    notes = (
        "Undecided: the cell is invalid, or nothing was measured; it fails the run as well. Figures are medians of the "
        "rounds, errors those of all rounds together.",
    )
    return Table("Thresholds", columns, rows, notes if rows else ())


@dataclass(frozen=True, slots=True)
class _Limit:
    """A condition that fails a run, the scenario that it speaks of, None for all, and the request likewise."""

    condition: Condition
    scenario: str | None
    request: str | None

    def speaks_of(self, cell: CellResults) -> bool:
        return self.scenario in (None, cell.scenario)


def _conditions(results: Results) -> Iterator[Condition]:
    """Those of the plan; a file that was changed by hand may hold what no version wrote."""
    for text in results.facts.plan.fail_if:
        yield parse_threshold(text, "run.json: fail_if")


def _resolve(condition: Condition, known: Sequence[str]) -> tuple[str | None, str | None]:
    return split_scope(condition.scope, known) if condition.scope else (None, None)


def _judge(one: _Limit, limits: Sequence[_Limit], cells: Sequence[CellResults]) -> Iterator[ThresholdVerdict]:
    mine = [cell for cell in cells if one.speaks_of(cell)]
    for cell in mine:
        bears_errors = any(
            other.condition.metric == ERRORS and other.request is None and other.speaks_of(cell)
            for other in limits
        )
        yield _of_cell(one, cell, bears_errors or one.condition.metric == ERRORS)
    if not mine:
        yield _verdict(one, None, None, "undecided", "nothing was measured")


def _of_cell(one: _Limit, cell: CellResults, bears_errors: bool) -> ThresholdVerdict:
    found = _figure(one, cell)
    if found is None:
        return _verdict(one, cell, None, "undecided", _nothing(one, cell))
    slowest = "the largest response time stands for p99.9, of so few" if _lacks_p999(one, cell) else ""
    doubts = _doubts(cell, bears_errors)
    if one.condition.is_met(found):
        return _verdict(one, cell, found, "failed", "; ".join(filter(None, (slowest, doubts))))
    return _verdict(one, cell, found, "undecided" if doubts else "passed", doubts or slowest)


def _verdict(
    one: _Limit, cell: CellResults | None, measured: float | None, word: ThresholdWord, why: str
) -> ThresholdVerdict:
    condition = one.condition
    return ThresholdVerdict(
        threshold=condition.text,
        verdict=word,
        setup=cell.setup if cell else None,
        scenario=cell.scenario if cell else one.scenario,
        engine=cell.engine if cell else None,
        load=cell.load_label if cell else None,
        request=one.request,
        metric=condition.name,
        figure=measured,
        limit=condition.limit,
        unit=condition.unit,
        why=why,
    )


def _summaries(one: _Limit, cell: CellResults) -> list[Summary | RequestSummary]:
    """Of each round the whole, or the request's part where there is one."""
    if one.request is None:
        return [record.summary for record in cell.records]
    found = (record.summary.by_request.get(one.request) for record in cell.records)
    return [summary for summary in found if summary is not None]


def _figure(one: _Limit, cell: CellResults) -> float | None:
    """The median of the rounds that have the figure; of errors the share of all requests."""
    summaries = _summaries(one, cell)
    if one.condition.metric == ERRORS:
        requests = sum(summary.requests for summary in summaries)
        return 100 * sum(summary.errors for summary in summaries) / requests if requests else None
    figures = [one.condition.figure(summary) for summary in summaries]
    known = [measured for measured in figures if measured is not None]
    return statistics.median(known) if known else None


def _lacks_p999(one: _Limit, cell: CellResults) -> bool:
    if one.condition.metric != "p999":
        return False
    times = (one.condition.times(summary) for summary in _summaries(one, cell))
    return any(some is not None and some.p999 is None for some in times)


def _nothing(one: _Limit, cell: CellResults) -> str:
    """Why a cell has no figure."""
    names = {name for record in cell.records for name in record.summary.by_request}
    if one.request is not None and names and one.request not in names:
        return str(unknown("request", one.request, names))
    return f"no {one.condition.name} was measured"


def _doubts(cell: CellResults, bears_errors: bool) -> str:
    """The caveats that make a cell invalid, but errors where a limit says how many there may be; empty for none."""
    if cell.valid:
        return ""
    found = [caveat for caveat in cell.caveats if caveat.code in INVALIDATING]
    codes = dict.fromkeys(one.code for one in found if not (bears_errors and one.code == ERRORS))
    if codes == {ERRORS: None}:
        return "the cell is invalid (errors): say how many may be, as in errors>1%"
    if codes or not found:
        return f"the cell is invalid ({', '.join(codes)})" if codes else "the cell is invalid"
    return ""
