"""Bencher Metric Format: benchmark -> measure -> value, with a lower and an upper value.

Published at https://bencher.dev/docs/reference/bencher-metric-format/; read by `bencher run --adapter json --file`.
`throughput` is a measure that each project has, in operations a second; the others are made when they first come, and
have no unit there, so their names say it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from bench.export.cells import name, parts, valid
from bench.results.cells import CellResults
from bench.results.results import Results
from bench.stats.metrics import CPU, MEMORY, P50, P99, THROUGHPUT, Metric

_MEASURES = {
    "throughput": THROUGHPUT,
    "response-p50-ms": P50,
    "response-p99-ms": P99,
    "server-cpu-us-per-request": CPU,
    "server-memory-mb": MEMORY,
}
_OF_REQUESTS = ("throughput", "response-p50-ms", "response-p99-ms")
"""The measures of the requests of one name, in a cell that has several."""


def write(results: Results) -> str:
    """The medians of the repeats; the lower and the upper value are the smallest and the largest repeat."""
    benchmarks = {}
    for cell in valid(results):
        benchmarks[name(cell)] = _measures(cell, _MEASURES)
        for part, metrics in parts(cell):
            benchmarks[part] = _measures(cell, dict(zip(_OF_REQUESTS, metrics, strict=True)))
    return json.dumps({name: measures for name, measures in benchmarks.items() if measures}, indent=2) + "\n"


def _measures(cell: CellResults, wanted: Mapping[str, Metric]) -> dict[str, dict[str, float]]:
    return {
        slug: {"value": found.median, "lower_value": found.low, "upper_value": found.high}
        for slug, metric in wanted.items()
        if (found := cell.estimate(metric))
    }
