"""Whether the machine was the run's own: to be read before anything else where it was not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bench.model.record import Resources
from bench.results.caveats import OTHER_LOAD, STEAL
from bench.results.cells import CellResults
from bench.results.findings.finding import Finding, caveats_of

FEWEST_SHARE = 0.25
"""Of the measurements: fewer than that are a passing disturbance, and their caveats say so where they stand."""

_TEXT = (
    "So much CPU was not the server's or the generator's, and absolute figures are worse for it. Ratios of cells that "
    "were measured one after the other suffer less."
)
_WAY_OUT = " Stop what else runs (top shows it), and run this again."

_TAKERS: Mapping[str, tuple[str, Callable[[Resources], float]]] = {
    OTHER_LOAD: ("other processes", lambda used: used.others_share),
    STEAL: ("the hypervisor", lambda used: used.steal_share or 0.0),
}
"""By caveat: who took the CPU, and how much of it."""


def disturbance(cells: Sequence[CellResults]) -> Finding | None:
    """A finding where a quarter of the measurements or more had to share their CPUs, by their own caveats."""
    records = [record for cell in cells for record in cell.records]
    figures = {}
    for code, (who, taken) in _TAKERS.items():
        shares = sorted(
            taken(record.resources)
            for record in records
            if any(caveat.code == code for caveat in record.caveats)
        )
        if shares and len(shares) >= FEWEST_SHARE * len(records):
            figures[code] = (
                f"{who} took {shares[0]:.0%} to {shares[-1]:.0%} of the CPUs in {len(shares)} of {len(records)} "
                "measurements"
            )
    if not figures:
        return None
    text = _TEXT + (_WAY_OUT if OTHER_LOAD in figures else "")
    doubts = tuple(caveat for caveat in caveats_of(cells) if caveat.code in figures)
    return Finding(
        topic="disturbance",
        title="The machine was not quiet",
        text=text,
        figures=tuple(figures.values()),
        chart="",
        caveats=doubts,
    )
