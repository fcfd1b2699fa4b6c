"""Bencher Metric Format: benchmark -> measure -> value, with a lower and an upper value.

Published at https://bencher.dev/docs/reference/bencher-metric-format/; read by `bencher run --adapter json --file`.
`throughput` is a measure that each project has, in operations a second; the others are made when they first come, and
have no unit there, so their names say it.
"""

from __future__ import annotations

import json

from bench.export.cells import name, valid
from bench.results.cells import CellResults
from bench.results.results import Results
from bench.stats.metrics import CPU, MEMORY, P50, P99, THROUGHPUT

_MEASURES = {
    "throughput": THROUGHPUT,
    "response-p50-ms": P50,
    "response-p99-ms": P99,
    "server-cpu-us-per-request": CPU,
    "server-memory-mb": MEMORY,
}


def write(results: Results) -> str:
    """The medians of the repeats; the lower and the upper value are the smallest and the largest repeat."""
    return json.dumps({name(cell): _measures(cell) for cell in valid(results)}, indent=2) + "\n"


def _measures(cell: CellResults) -> dict[str, dict[str, float]]:
    return {
        slug: {"value": found.median, "lower_value": found.low, "upper_value": found.high}
        for slug, metric in _MEASURES.items()
        if (found := cell.estimate(metric))
    }
