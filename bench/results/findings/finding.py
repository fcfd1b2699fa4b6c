"""A finding, and the words that all findings share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.model.record import Caveat
from bench.results.cells import CellResults
from bench.stats.estimate import Comparison
from bench.stats.format import NO_EVIDENCE
from bench.stats.metrics import THROUGHPUT

NOT_SHOWN = f"no difference could be shown ({NO_EVIDENCE})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A title, the sentences, the figures behind them, the name of the chart that shows it, every caveat."""

    topic: str
    title: str
    text: str
    figures: tuple[str, ...]
    chart: str
    caveats: tuple[Caveat, ...] = ()


def evident(found: Comparison | None) -> Comparison | None:
    """The comparison if the repeats bear a difference out."""
    return found if found is not None and found.shown else None


def word(found: Comparison | None) -> str:
    """The ratio, or `~`."""
    return NO_EVIDENCE if found is None else found.text


def rate(cell: CellResults) -> str:
    """`uvicorn 9,165 (9,145 to 9,260) req/s`"""
    found = cell.estimate(THROUGHPUT)
    return f"{cell.setup} {THROUGHPUT.show_range(found)} req/s" if found else cell.setup


def caveats_of(cells: Iterable[CellResults]) -> tuple[Caveat, ...]:
    """Every caveat of the cells once, by code."""
    found = {caveat: None for cell in cells for caveat in cell.caveats}
    return tuple(sorted(found, key=lambda caveat: (caveat.code, caveat.text)))
