"""A run in the format of another tool: for its charts, its thresholds, its history.

Each tool has a module of its own, which says where its format is published. An invalid record is never given away as
if it were valid: its cell is left out, save in CSV, where it says of itself that it is invalid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.errors import UsageError, unknown
from bench.export import bencher, github_action_benchmark, openmetrics, pytest_benchmark, request_rows, rows
from bench.results.results import Results
from bench.stats.comparison import Better

_GITHUB = "github-action-benchmark"
_WRITERS: Mapping[str, Callable[[Results], str]] = {
    "bencher": bencher.write,
    "csv": rows.write,
    "csv-requests": request_rows.write,
    _GITHUB: github_action_benchmark.write,
    "openmetrics": openmetrics.write,
    "pytest-benchmark": pytest_benchmark.write,
}
TOOLS = tuple(_WRITERS)

CARRIES_INVALID = frozenset({"csv", "csv-requests"})
"""Formats that can say of a record that it is invalid."""


def export(results: Results, tool: str, better: Better | None = None) -> str:
    """The run as the tool reads it; `better` chooses the metrics where a file may hold one direction only.

    Raises UsageError for another tool, or a direction that this one does not ask for.
    """
    if tool not in _WRITERS:
        raise unknown("tool", tool, TOOLS)
    if better is None:
        return _WRITERS[tool](results)
    if tool != _GITHUB:
        raise UsageError(f"--better is for {_GITHUB}: a file for {tool} holds every metric")
    return github_action_benchmark.write(results, better)
