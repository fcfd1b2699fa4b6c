"""How the requests of setups with several workers were shared out, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.model.facts import PlanFacts
from bench.model.record import Worker
from bench.results.cells import CellResults
from bench.results.results import Results
from bench.results.tables import metric_column
from bench.results.workers import imbalance
from bench.stats.format import NOTHING, share
from bench.stats.metrics import MEMORY, THROUGHPUT
from bench.stats.table import Column, Row, Table, label


def worker_table(results: Results) -> Table:
    """How the requests of setups with several workers were shared out."""
    columns = (
        label("setup"),
        label("scenario"),
        Column("workers"),
        Column("cores"),
        metric_column(THROUGHPUT),
        Column("least busy", "%"),
        Column("busiest", "%"),
        Column("imbalance"),
        metric_column(MEMORY),
    )
    counts = [(cell, worker_count(cell, results.facts.plan)) for cell in results.cells]
    rows = [_worker_row(cell, count) for cell, count in counts if count > 1]
    notes = (
        "Least busy and busiest: the smallest and the largest share of requests that one worker answered.",
        "Imbalance: the requests of the busiest worker over the mean of all, 1.00 when they share alike; of the worst "
        "repeat.",
    )
    return Table("Workers", columns, tuple(rows), notes if rows else ())


def worker_count(cell: CellResults, plan: PlanFacts) -> int:
    """The workers a setup is said to have, else as many as were seen to answer."""
    seen = max((len(shares(record.resources.workers)) for record in cell.records), default=0)
    planned = plan.setup(cell.setup).workers
    return seen if planned is None else planned


def cores(cell: CellResults) -> int | None:
    """How many CPUs the server was pinned to; None when it was not."""
    return len({cpu for record in cell.records for cpu in record.resources.cpus}) or None


def shares(workers: Sequence[Worker]) -> tuple[float, ...]:
    """Each worker's share of the requests, smallest first; empty when the answers do not tell."""
    counts = [worker.requests for worker in workers if worker.requests is not None]
    total = sum(counts)
    return tuple(sorted(count / total for count in counts)) if total else ()


def _worker_row(cell: CellResults, workers: int) -> Row:
    seen = [found for record in cell.records if (found := shares(record.resources.workers))]
    least = (
        0.0
        if any(len(found) < workers for found in seen)
        else min((found[0] for found in seen), default=None)
    )
    pinned = cores(cell)
    entries = (
        cell.setup,
        cell.scenario,
        str(workers),
        NOTHING if pinned is None else str(pinned),
        THROUGHPUT.show(cell.estimate(THROUGHPUT)),
        share(least if seen else None),
        share(max((found[-1] for found in seen), default=None)),
        _imbalance(seen, workers),
        MEMORY.show(cell.estimate(MEMORY)),
    )
    return Row(entries, cell.where, cell.caveats, not cell.valid)


def _imbalance(seen: Iterable[Sequence[float]], workers: int) -> str:
    """The index of the least even repeat; workers that never answered count as those who had nothing."""
    indices = [imbalance([*found, *[0.0] * (workers - len(found))]) for found in seen]
    worst = max((index for index in indices if index is not None), default=None)
    return NOTHING if worst is None else f"{worst:.2f}"
