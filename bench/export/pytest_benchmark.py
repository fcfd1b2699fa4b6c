"""pytest-benchmark's JSON, as `--benchmark-json` writes it: for `pytest-benchmark compare` and what else reads it.

It knows times only, so a cell is three benchmarks: p50, p99 and CPU time of a request, in groups of these names. A
round is a repeat: its median, its p99, its mean CPU time.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from bench.export.cells import doubts, name, valid
from bench.model.facts import HostFacts
from bench.model.service import GitFacts, common_service
from bench.results.cells import CellResults
from bench.results.results import Results
from bench.stats.metrics import CPU, P50, P99, Metric

_VERSION = "5.3.1"
_IN_A_SECOND = {P50: 1e3, P99: 1e3, CPU: 1e6}
"""How many units of each metric are a second."""


def write(results: Results) -> str:
    """One benchmark a cell and time."""
    host = results.facts.host or HostFacts()
    service = common_service(results.facts.services_under_test)
    told = {
        "machine_info": _machine(replace(host, python=service.python) if service else host),
        "commit_info": _commit(service.git if service else host.git),
        "benchmarks": [one for cell in valid(results) for one in _benchmarks(cell)],
        "datetime": results.facts.started_at,
        "version": _VERSION,
    }
    return json.dumps(told, indent=4) + "\n"


def _benchmarks(cell: CellResults) -> Iterable[dict[str, object]]:
    for metric, units in _IN_A_SECOND.items():
        measured = (metric.of(record) for record in cell.records)
        data = [figure / units for figure in measured if figure is not None]
        if data:
            yield _benchmark(cell, metric, data)


def _benchmark(cell: CellResults, metric: Metric, data: Sequence[float]) -> dict[str, object]:
    full = f"{name(cell)}: {metric.name}"
    return {
        "group": metric.name,
        "name": full,
        "fullname": full,
        "params": None,
        "param": None,
        "extra_info": {
            "setup": cell.setup,
            "scenario": cell.scenario,
            "engine": cell.engine,
            "load": cell.load_label,
            "caveats": doubts(cell),
        },
        "options": {},
        "stats": _stats(data),
    }


def _stats(data: Sequence[float]) -> dict[str, object]:
    """All of its fields; its quartiles lie halfway between the steps of the data, which is Hazen's rule."""
    mean, deviation = statistics.mean(data), statistics.stdev(data) if len(data) > 1 else 0.0
    q1, median, q3 = map(float, np.quantile(data, (0.25, 0.5, 0.75), method="hazen"))
    inner = [value for value in data if q1 - 1.5 * (q3 - q1) <= value <= q3 + 1.5 * (q3 - q1)]
    strays = sum(abs(value - mean) > deviation for value in data)
    return {
        "min": min(data),
        "max": max(data),
        "mean": mean,
        "stddev": deviation,
        "rounds": len(data),
        "median": median,
        "iqr": q3 - q1,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": len(data) - len(inner),
        "stddev_outliers": strays,
        "outliers": f"{strays};{len(data) - len(inner)}",
        "ld15iqr": min(inner),
        "hd15iqr": max(inner),
        "ops": 1 / mean if mean else 0,
        "total": sum(data),
        "data": list(data),
        "iterations": 1,
    }


def _machine(host: HostFacts) -> dict[str, object]:
    implementation, _, version = (host.python or "").rpartition(" ")
    return {
        "python_implementation": implementation,
        "python_version": version,
        "system": host.system or "",
        "release": host.kernel or "",
        "cpu": {"brand_raw": host.cpu_model or "", "count": host.cores},
    }


def _commit(git: GitFacts | None) -> dict[str, object]:
    return {"id": git.commit if git else "unversioned", "dirty": git.dirty if git else False}
