"""The cells of a run that are exported: the valid ones, each under one name in every run."""

from __future__ import annotations

from collections.abc import Iterator

from bench.results.cells import CellResults
from bench.results.endpoints import endpoints, throughput_of, time_of
from bench.results.results import Results
from bench.stats.metrics import Metric


def valid(results: Results) -> tuple[CellResults, ...]:
    """The cells of which every repeat is valid: to go on with the others would be to pick the repeats one likes."""
    return tuple(cell for cell in results.cells if cell.valid)


def invalid(results: Results) -> tuple[str, ...]:
    """The names of the others, with the codes of their caveats."""
    return tuple(f"{name(cell)} ({', '.join(cell.codes)})" for cell in results.cells if not cell.valid)


def name(cell: CellResults) -> str:
    """`uvicorn / noop-async / native / 32 users`: what a history goes by."""
    return f"{cell.setup} / {cell.scenario} / {cell.engine} / {cell.load_label}"


def parts(cell: CellResults) -> Iterator[tuple[str, tuple[Metric, ...]]]:
    """The requests of a cell that has several names: `CELL / GET /items`, with throughput, p50 and p99 of each."""
    for one in endpoints(cell):
        metrics = (throughput_of(one.name), time_of(one.name, "p50"), time_of(one.name, "p99"))
        yield f"{name(cell)} / {one.name}", metrics


def doubts(cell: CellResults) -> tuple[str, ...]:
    """The caveats of a valid cell: `drift: the last third of ...`."""
    return tuple(f"{caveat.code}: {caveat.text}" for caveat in cell.caveats)
