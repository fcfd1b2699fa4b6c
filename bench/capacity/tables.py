"""Tables of runs about limits: the trials of a search, and throughput by the number of workers."""

from __future__ import annotations

from bench.capacity.growth import Growth
from bench.capacity.results import Capacity, Offered, busy_share, rates_of
from bench.stats.estimate import estimate
from bench.stats.format import share, three_digits, whole
from bench.stats.metrics import P50, P99, THROUGHPUT
from bench.stats.table import Column, Row, Table, label


def trial_table(found: Capacity) -> Table:
    """One row a trial, by rate."""
    columns = (
        Column("offered", "arrivals/s"),
        Column("length", "s"),
        Column("answered", "req/s"),
        Column("p50", "ms"),
        Column("p99", "ms"),
        Column("errors", "%"),
        Column("server CPU", "%"),
        label("confirmed"),
        label("result"),
    )
    confirmed = {one.rate_per_s: one.text for one in found.confirmations}
    long = [trial for one in rates_of(found.trials) if one.rate_per_s in confirmed for trial in one.trials]
    rows = (_trial_row(one, confirmed[one.rate_per_s] if one in long else "") for one in found.trials)
    return Table("Trials", columns, tuple(rows), (_TRIALS,))


_TRIALS = (
    "Short trials find where to begin; one that fails is made again before it counts. The longer ones confirm, on a "
    "server started for them: the rate rises after one that held and falls after one that failed, and confirmed counts "
    "the long trials of a rate. The capacity contradicts the fewest of them, and held at least as often as it failed. "
    "Server CPU is the share of the cores that its workers can use."
)


def _trial_row(one: Offered, confirmed: str) -> Row:
    record, errors = one.record, one.record.summary.errors
    entries = (
        whole(one.rate_per_s),
        f"{record.cell.load.duration_s:g}",
        whole(record.summary.throughput_rps),
        *(metric.show(estimate([metric.of(record)])) for metric in (P50, P99)),
        three_digits(100 * errors / record.summary.requests) if errors else "0",
        share(busy_share(record)),
        confirmed,
        one.result,
    )
    return Row(entries, caveats=record.caveats)


def growth_table(found: Growth) -> Table:
    """One row a number of workers: measured, fitted, and what is left of so many times one worker."""
    columns = (
        Column("workers"),
        Column(THROUGHPUT.name, THROUGHPUT.unit),
        Column("range", "%"),
        Column("law", "req/s"),
        Column("of linear", "%"),
        Column("contention", "σ(N−1)"),
        Column("coherence", "κN(N−1)"),
    )
    law = found.law
    rows = tuple(
        Row(
            (
                str(n),
                THROUGHPUT.show(measured),
                share(measured.spread),
                whole(law.throughput_rps(n)),
                share(measured.median / (law.rate_rps * n)),
                three_digits(law.contention(n)),
                three_digits(law.coherence(n)),
            ),
            caveats=found.caveats[n],
        )
        for n, measured in found.points.items()
    )
    return Table("Throughput by the number of workers", columns, rows, (_LAW,))


_LAW = (
    "The law is X(N) = λN / (1 + σ(N−1) + κN(N−1)), the Universal Scalability Law (Gunther 2007), fitted to the "
    "medians of the repeats. Contention is waiting for what only one can use at a time, coherence what workers cost "
    "each other to agree."
)
