"""github-action-benchmark's custom format: a list of benchmarks, each with a name, a unit and a value.

Published in the README of https://github.com/benchmark-action/github-action-benchmark, for `tool:
customSmallerIsBetter` and `customBiggerIsBetter`. One file has one direction, so it is one of two.
"""

from __future__ import annotations

import json

from bench.export.cells import doubts, name, parts, valid
from bench.results.cells import CellResults
from bench.results.results import Results
from bench.stats.comparison import Better
from bench.stats.estimate import Estimate
from bench.stats.metrics import JUDGED, Metric


def write(results: Results, better: Better = "lower") -> str:
    """The metrics that are better this way, each the median of the repeats with their range."""
    entries = [
        _entry(cell, part, metric, found)
        for cell in valid(results)
        for part, metrics in [(name(cell), tuple(JUDGED.values())), *parts(cell)]
        for metric in metrics
        if metric.better == better and (found := cell.estimate(metric))
    ]
    return json.dumps(entries, indent=2) + "\n"


def _entry(cell: CellResults, part: str, metric: Metric, found: Estimate) -> dict[str, str | float]:
    """`part` is the name of the cell, or of the requests of one name in it."""
    repeats = f"{found.n} repeat{'' if found.n == 1 else 's'}"
    entry: dict[str, str | float] = {
        "name": f"{part}: {metric.name}",
        "unit": metric.unit,
        "value": found.median,
        "extra": "\n".join([f"median of {repeats}", *doubts(cell)]),
    }
    if found.n > 1:
        entry["range"] = f"{metric.write(found.low)} to {metric.write(found.high)}"
    return entry
