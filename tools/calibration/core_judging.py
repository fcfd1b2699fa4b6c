"""The records of a run -> what it says of its setups, and of its scenarios' variants."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from bench.model.record import Record, Run
from bench.results.cells import CellResults, by_context, gather, rank, twins
from bench.stats.comparison import Comparison
from bench.stats.metrics import CPU, THROUGHPUT, Metric
from tools.calibration.core_run import BEST, CoreVerdict

METRICS = (THROUGHPUT, CPU)
ORDERED = CPU.name
"""The metric by which the burning apps have a known order."""


def judge(run: Run) -> tuple[CoreVerdict, ...]:
    """The standing of each setup, each setup against those named before it, and each variant against its reference.

    All setups of a scenario are a family of comparisons, and so are all variants of one kind of work.
    """
    names = list(run.facts.plan.setups)
    cells = gather(run.records, run.facts.plan)
    contexts = [
        sorted(found, key=lambda cell: names.index(cell.setup)) for found in by_context(cells).values()
    ]
    return (
        *(
            verdict
            for found in contexts
            if len(found) > 1
            for verdict in (*_standings(found), *_pairs(found))
        ),
        *(verdict for found in twins(cells) for verdict in _variants(found)),
    )


def sliced_s(records: Iterable[Record]) -> float:
    """The seconds within slices, or within stretches where cells have no slices."""
    return sum(record.measured_s for record in records)


def invalid_setups(records: Iterable[Record]) -> tuple[str, ...]:
    """The setups with a cell that is not ranked."""
    return tuple(sorted({record.cell.setup for record in records if not record.valid}))


def codes(records: Iterable[Record]) -> tuple[str, ...]:
    """The codes of all caveats."""
    return tuple(sorted({caveat.code for record in records for caveat in record.caveats}))


def _standings(cells: Sequence[CellResults]) -> Iterator[CoreVerdict]:
    for metric in METRICS:
        for cell, said in rank(cells, metric):
            yield CoreVerdict(
                scenario=_where(cell),
                base=BEST,
                head=cell.setup,
                metric=metric.name,
                verdict=said.verdict,
                ratio=said.ratio,
                low=said.low,
                high=said.high,
            )


def _pairs(cells: Sequence[CellResults]) -> Iterator[CoreVerdict]:
    for base, head in itertools.combinations(cells, 2):
        for metric in METRICS:
            if found := head.against(base, metric, len(cells) - 1):
                yield _verdict(found, metric, _where(base), (base.setup, head.setup))


def _variants(cells: Sequence[CellResults]) -> Iterator[CoreVerdict]:
    base, *others = cells
    where = f"{base.group} of {base.setup}, {base.where}"
    for head in others:
        for metric in METRICS:
            if found := head.against(base, metric, len(others)):
                yield _verdict(found, metric, where, (base.scenario, head.scenario))


def _verdict(found: Comparison, metric: Metric, where: str, sides: tuple[str, str]) -> CoreVerdict:
    """The verdict on the second side against the first."""
    base, head = sides
    return CoreVerdict(
        scenario=where,
        base=base,
        head=head,
        metric=metric.name,
        verdict=found.verdict(metric.better),
        ratio=found.ratio,
        low=found.low,
        high=found.high,
    )


def _where(cell: CellResults) -> str:
    return f"{cell.scenario}, {cell.where}"
