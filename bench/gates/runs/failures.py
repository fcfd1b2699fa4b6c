"""Faults of the head under the same load: errors, and answers that do not keep up with the arrivals.

Errors come in bursts, so requests are no independent tries. A burst is a matter of one repeat, a fault of them all:
both the requests and the repeats must show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.model.change import Change
from bench.model.record import Record
from bench.results.cells import CellResults
from bench.stats.fisher_test import p_more_often
from bench.stats.metrics import CPU, THROUGHPUT
from bench.stats.multiple_comparisons import holm

ERRORS = "errors"
LAGS_BEHIND = frozenset({"rate-not-reached", "shed"})
ALPHA_REQUESTS = 0.01
"""How often errors that equal code has as often may look more often, over all cells (Holm), were they independent."""

ALPHA_REPEATS = 0.05
"""The same of the repeats of one cell that have any: 3 of 3 against 0 of 3 are one case of 20, the rarest of so few."""

MOSTLY = 0.5
"""From this share of failed requests on, in each repeat, it is no burst: the server does not do its work."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """A fault of the head's cell; `proven` where it is a regression, else it may be chance."""

    change: Change
    proven: bool


def errors(cells: Sequence[tuple[str, CellResults, CellResults]]) -> tuple[CellFault | None, ...]:
    """The fault of each cell (name, base, head) whose head has errors, None of the others."""
    p_values = holm([_p_of_requests(base, head) for _, base, head in cells])
    return tuple(
        _errors(name, base, head, p) if _count_hits(head, {ERRORS}) else None
        for (name, base, head), p in zip(cells, p_values, strict=True)
    )


def _errors(name: str, base: CellResults, head: CellResults, p: float) -> CellFault:
    failed = (float(sum(record.summary.errors for record in cell.records)) for cell in (base, head))
    mostly = not _count_hits(base, {ERRORS}) and all(
        _failed_share(record) >= MOSTLY for record in head.records
    )
    proven = mostly or (p <= ALPHA_REQUESTS and recurs(base, head, {ERRORS}))
    why = (*_texts(head, {ERRORS}), _occurrences("errors", base, head, {ERRORS}))
    in_base, in_head = failed
    change = Change(name=name, metric=ERRORS, verdict="regressed", base=in_base, head=in_head, why=why)
    return CellFault(change, proven)


def lag(name: str, base: CellResults, head: CellResults) -> Change | None:
    """A load that all repeats of the base could serve and none of the head can."""
    hits = _count_hits(head, LAGS_BEHIND)
    if hits < len(head.records) or not recurs(base, head, LAGS_BEHIND) or _count_hits(base, LAGS_BEHIND):
        return None
    base_rps, head_rps = base.estimate(THROUGHPUT), head.estimate(THROUGHPUT)
    return Change(
        name=name,
        metric="throughput",
        verdict="regressed",
        base=base_rps.median if base_rps else None,
        head=head_rps.median if head_rps else None,
        why=_texts(head, LAGS_BEHIND),
        unit=THROUGHPUT.unit,
    )


def keeps_up(base: CellResults, head: CellResults, threshold: float) -> bool:
    """Whether an anchor shows that the machine was not slower for the head: it reached its rate at no more CPU."""
    base_us, head_us = base.estimate(CPU), head.estimate(CPU)
    if base_us is None or head_us is None or _count_hits(head, LAGS_BEHIND):
        return False
    return head_us.median <= (1 + threshold) * base_us.median


def recurs(base: CellResults, head: CellResults, codes: frozenset[str] | set[str]) -> bool:
    """Whether more repeats of the head have one of these caveats than chance gives it, the repeats as the unit."""
    return (
        p_more_often(_count_hits(base, codes), len(base.records), _count_hits(head, codes), len(head.records))
        <= ALPHA_REPEATS
    )


def _p_of_requests(base: CellResults, head: CellResults) -> float:
    return p_more_often(*_counts(base), *_counts(head))


def _counts(cell: CellResults) -> tuple[int, int]:
    """(failed requests, all of them); a repeat with nothing but an empty answer sheet counts as one that failed."""
    failed = [record.summary.errors or int(_has(record, {ERRORS})) for record in cell.records]
    tries = [max(record.summary.requests, some) for record, some in zip(cell.records, failed, strict=True)]
    return sum(failed), sum(tries)


def _failed_share(record: Record) -> float:
    """1 where no right answer came at all."""
    summary = record.summary
    if not summary.requests or not summary.throughput_rps:
        return 1.0
    return summary.errors / summary.requests


def _count_hits(cell: CellResults, codes: frozenset[str] | set[str]) -> int:
    """How many repeats have one of these caveats."""
    return sum(_has(record, codes) for record in cell.records)


def _has(record: Record, codes: frozenset[str] | set[str]) -> bool:
    return any(caveat.code in codes for caveat in record.caveats)


def _texts(cell: CellResults, codes: frozenset[str] | set[str]) -> tuple[str, ...]:
    return tuple(caveat.text for caveat in cell.caveats if caveat.code in codes)


def _occurrences(what: str, base: CellResults, head: CellResults, codes: frozenset[str] | set[str]) -> str:
    """`errors in 2 of 3 repeats, before in 0 of 3`."""
    return (
        f"{what} in {_count_hits(head, codes)} of {len(head.records)} repeats, before in {_count_hits(base, codes)} of "
        f"{len(base.records)}"
    )
