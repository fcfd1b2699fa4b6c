"""The changes between two runs in the requests of one name, where a cell has several.

Response times of each name are judged as those of whole cells are, next to them: a name alone can make the comparison
red, but the comparison never waits for one that is inconclusive. They are a family of tests of their own, so that
names cost the cells no strength.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bench.gates.runs.evidence import CellEvidence, judge
from bench.gates.runs.pairs import CellPair
from bench.model.change import Change, gravest
from bench.model.record import Record
from bench.results.anchor import ANCHOR
from bench.results.cells import CellResults
from bench.results.endpoints import EndpointResults, endpoints, names_in_common, throughput_of, time_of
from bench.stats.format import NOTHING, times
from bench.stats.metrics import P50, P99, Metric
from bench.stats.table import Column, Row, Table, label

JUDGED_BY_NAME = (P50, P99)

ChangesByName = Mapping[tuple[CellPair, str], tuple[Change, ...]]


def judge_endpoints(
    pairs: Sequence[CellPair],
    evidence_of: Callable[[CellPair, Metric], CellEvidence],
    metrics: Sequence[Metric],
    threshold: float,
) -> ChangesByName:
    """The changes of each name that both sides of a pair have, by those of p50 and p99 that are among the metrics."""
    wanted = [metric for metric in JUDGED_BY_NAME if metric in metrics]
    places = [(pair, name) for pair in pairs if pair.sides for name in names_in_common(pair.sides)]
    if not wanted or not places:
        return {}
    evidence = [
        _renamed(evidence_of(pair, _of_name(name, metric)), name)
        for pair, name in places
        for metric in wanted
    ]
    judged = iter(judge(evidence, threshold))
    return {place: tuple(replace(next(judged), beside=True) for _ in wanted) for place in places}


def settled_changes(changes: ChangesByName) -> Iterator[Change]:
    """Those that say something: of names that are inconclusive the table is enough."""
    return (one for some in changes.values() for one in some if one.verdict != "inconclusive")


def endpoint_table(pairs: Sequence[CellPair], changes: ChangesByName) -> Table:
    """A row for each name of the pairs: response times, throughput and errors of both runs."""
    columns = [label("request")]
    for metric in ("p50", "p99", "throughput"):
        unit = "req/s" if metric == "throughput" else "ms"
        columns += [Column(metric, "base"), Column(unit, "new"), Column("", "ratio")]
    columns += [Column("errors", "base"), Column("", "new"), label("verdict")]
    rows = tuple(row for pair in pairs if not pair.anchors for row in _rows(pair, changes))
    notes = (
        "Of p50 and p99, next to the verdicts of whole cells: a name that regressed fails the comparison, one that is "
        "inconclusive does not.",
    )
    return Table("Requests by name", tuple(columns), rows, notes if rows else ())


def _of_name(name: str, metric: Metric) -> Metric:
    """The metric of the requests of a name; of the anchor, which has no such name, that of all of its requests."""
    mine = time_of(name, metric.key)

    def of(record: Record) -> float | None:
        return metric.of(record) if record.cell.setup == ANCHOR else mine.of(record)

    return replace(mine, of=of)


def _renamed(evidence: CellEvidence, name: str) -> CellEvidence:
    return replace(evidence, change=replace(evidence.change, name=f"{evidence.change.name} / {name}"))


def _rows(pair: CellPair, changes: ChangesByName) -> Iterator[Row]:
    base, head = (_by_name(side) for side in (pair.base, pair.head))
    valid = all(side.valid for side in (pair.base, pair.head) if side)
    for name in dict.fromkeys([*base, *head]):
        sides = base.get(name), head.get(name)
        entries = [name]
        for metric in (time_of(name, "p50"), time_of(name, "p99"), throughput_of(name)):
            entries += _figures(metric, *sides)
        entries += [NOTHING if side is None else f"{side.errors:,}" for side in sides]
        yield Row((*entries, _verdict(sides, changes.get((pair, name), ()))), pair.name, invalid=not valid)


def _by_name(side: CellResults | None) -> dict[str, EndpointResults]:
    return {one.name: one for one in endpoints(side)} if side else {}


def _figures(metric: Metric, base: EndpointResults | None, head: EndpointResults | None) -> list[str]:
    """Both figures, and their ratio where both are known."""
    its, mine = (side.estimate(metric) if side else None for side in (base, head))
    ratio = times(mine.median / its.median) if its and mine and its.median > 0 else NOTHING
    return [metric.show(its), metric.show(mine), ratio]


def _verdict(sides: tuple[EndpointResults | None, ...], changes: Sequence[Change]) -> str:
    base, head = sides
    if base is None or head is None:
        return "only in new" if base is None else "only in base"
    return gravest([one.verdict for one in changes if one.verdict is not None]) or NOTHING
