"""The records of a run -> what it says of its setups, and of its scenarios' variants."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from bench.model.record import Record, Run
from bench.results.cells import CellResults, by_context, gather, rank, twins
from bench.stats.metrics import CPU, THROUGHPUT
from tools.calibration.core_run import BEST, CoreVerdict, Said

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
                _where(cell), BEST, cell.setup, metric.name, said.verdict, said.ratio, said.low, said.high
            )


def _pairs(cells: Sequence[CellResults]) -> Iterator[CoreVerdict]:
    for base, head in itertools.combinations(cells, 2):
        yield from _against(base, head, (_where(base), base.setup, head.setup), len(cells) - 1)


def _variants(cells: Sequence[CellResults]) -> Iterator[CoreVerdict]:
    base, *others = cells
    for head in others:
        where = f"{base.group} of {base.setup}, {base.where}"
        yield from _against(base, head, (where, base.scenario, head.scenario), len(others))


def _against(
    base: CellResults, head: CellResults, names: tuple[str, str, str], family: int
) -> Iterator[CoreVerdict]:
    for metric in METRICS:
        if found := head.against(base, metric, family):
            said: Said = found.verdict(metric.better)
            yield CoreVerdict(*names, metric.name, said, found.ratio, found.low, found.high)


def _where(cell: CellResults) -> str:
    return f"{cell.scenario}, {cell.where}"
