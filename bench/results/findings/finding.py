"""A finding, and the words that all findings share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.model.record import Caveat
from bench.results.cells import CellResults
from bench.stats.comparison import MARGIN, Comparison
from bench.stats.format import NO_EVIDENCE, join_words
from bench.stats.metrics import THROUGHPUT

NOT_SHOWN = f"no difference could be shown ({NO_EVIDENCE})"
"""Of a comparison that is unresolved."""

SAME = f"the same within {MARGIN:.0%}".replace("%", " %")
"""Of a comparison that is resolved: all of its interval lies within the margin."""


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
    """The comparison if the rounds show a difference that is not within the margin."""
    return found if found is not None and found.shown and not found.same else None


def word(found: Comparison | None) -> str:
    """`1.31 ×`, `the same within 2 %`, or `~`."""
    if found is None:
        return NO_EVIDENCE
    return SAME if found.same else found.text


def interval_word(found: Comparison | None) -> str:
    """`1.31 × (1.25 to 1.37)`, `the same within 2 %`, or `~`."""
    shown = evident(found)
    return word(found) if shown is None else shown.interval_text


def verdict_words(found: Comparison | None) -> str:
    """The same, and in words where the comparison is unresolved."""
    shown = interval_word(found)
    return NOT_SHOWN if shown == NO_EVIDENCE else shown


def silent_words(found: Mapping[str, Comparison | None]) -> Iterable[str]:
    """Sentences on the comparisons that show no difference, by what is compared: proved the same, or unresolved."""
    known = {name: one for name, one in found.items() if one is not None}
    if same := [name for name, one in known.items() if one.same]:
        yield f"For {join_words(same)} both are {SAME}."
    if unresolved := [name for name, one in known.items() if not one.same and not one.shown]:
        yield f"For {join_words(unresolved)} {NOT_SHOWN}."


def rate(cell: CellResults) -> str:
    """`uvicorn 9,165 (9,145 to 9,260) req/s`"""
    found = cell.estimate(THROUGHPUT)
    return f"{cell.setup} {THROUGHPUT.show_range(found)} req/s" if found else cell.setup


def caveats_of(cells: Iterable[CellResults]) -> tuple[Caveat, ...]:
    """Every caveat of the cells once, by code."""
    found = {caveat: None for cell in cells for caveat in cell.caveats}
    return tuple(sorted(found, key=lambda caveat: (caveat.code, caveat.text)))
