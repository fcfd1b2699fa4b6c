"""Records -> tables: the summary of a run, its rankings, twins and stages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain

from bench.model.record import Caveat, Record
from bench.results.cells import CellResults, by_context, twins
from bench.results.results import Results
from bench.stats.estimate import Comparison, chance, estimate
from bench.stats.format import NO_EVIDENCE, NOTHING, spread, three_digits
from bench.stats.metrics import CPU, MEMORY, P50, P99, P99_BY_TIME, THROUGHPUT, VICTIM_P99, Metric
from bench.stats.table import Column, Row, Table, label

MEDIANS = (
    "Each figure is the median of the repeats; range is (largest - smallest) / median. A percentile is the "
    "median of the repeats' own percentiles, not the percentile of all requests together."
)
TILDE = "~ means no evidence: the ranges of the repeats overlap, or there is a single repeat."

BY_TIME = (
    "p99 by time: of the time that users waited, 1 % was spent in requests longer than this. It is shown where it is "
    "more than twice p99, which few requests move: while a server stands still, a closed loop sends none."
)
FLOOR = "≥: it grew for as long as the cell lasted, so a longer cell would show more, and a ratio would say nothing."


def metric_column(metric: Metric) -> Column:
    """A column of a metric, with its unit."""
    return Column(metric.name, metric.unit)


_RANGE = Column("range", "%")
_BY_TIME_FACTOR = 2.0


def summary(results: Results) -> Table:
    """One row a cell: the best throughput first within a scenario, invalid cells last."""
    cells = results.cells
    metrics, by_time = _with_p99_by_time(cells, P50, P99, CPU, MEMORY)
    columns = (
        label("setup"),
        label("scenario"),
        metric_column(THROUGHPUT),
        _RANGE,
        *map(metric_column, metrics),
        Column("errors"),
    )
    contexts = by_context(cells).values()
    rows = [_summary_row(cell, metrics) for cells in contexts for cell in sorted(cells, key=_best_first)]
    return Table("Summary", columns, tuple(rows), (MEDIANS, *by_time, *results.notes) if rows else ())


def _with_p99_by_time(
    cells: Iterable[CellResults], *metrics: Metric
) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """The metrics, with p99 by time after p99 where some cell has more of it to say, and the note that explains it."""
    if not any(map(_waits_unseen, cells)):
        return metrics, ()
    place = metrics.index(P99) + 1
    return (*metrics[:place], P99_BY_TIME, *metrics[place:]), (BY_TIME,)


def _waits_unseen(cell: CellResults) -> bool:
    """Whether users of a closed load spent their time in requests that are too few for its p99."""
    by_time, p99 = cell.estimate(P99_BY_TIME), cell.estimate(P99)
    return bool(cell.closed and by_time and p99 and by_time.median > _BY_TIME_FACTOR * p99.median)


def _entry(cell: CellResults, metric: Metric) -> str:
    return "" if metric is P99_BY_TIME and not _waits_unseen(cell) else cell.show(metric)


def _best_first(cell: CellResults) -> tuple[bool, float, str]:
    metric = ranking_metric(cell)
    found = cell.estimate(metric)
    sign = -1 if metric.better == "higher" else 1
    return (not cell.valid, float("inf") if found is None else sign * found.median, cell.setup)


def ranking_metric(cell: CellResults) -> Metric:
    """An open load fixes the throughput, so there the latency tells."""
    return THROUGHPUT if cell.closed else P99


def _summary_row(cell: CellResults, metrics: Iterable[Metric]) -> Row:
    throughput = cell.estimate(THROUGHPUT)
    figures = [_entry(cell, metric) for metric in metrics]
    errors = sum(record.summary.errors for record in cell.records)
    entries = (
        cell.setup,
        cell.scenario,
        THROUGHPUT.show(throughput),
        spread(throughput),
        *figures,
        f"{errors:,}",
    )
    return Row(entries, cell.where, cell.caveats, not cell.valid)


def ranking(results: Results) -> Table:
    """The setups of each scenario, engine and load, where there are two or more."""
    contexts = [cells for cells in by_context(results.cells).values() if len(cells) > 1]
    metrics, by_time = _with_p99_by_time(chain.from_iterable(contexts), P50, P99, CPU, MEMORY)
    columns = (
        Column("rank"),
        label("setup"),
        metric_column(THROUGHPUT),
        _RANGE,
        Column("to leader"),
        *map(metric_column, metrics),
    )
    rows = chain.from_iterable(_ranked_rows(cells, metrics) for cells in contexts)
    fewest = min((len(cell.records) for cells in contexts for cell in cells), default=0)
    notes = (
        "The rank is one more than the number of setups whose repeats all lie on the better side; setups "
        "that cannot be told apart share it, and invalid cells have none.",
        "Closed loads rank by throughput, open loads by p99: their rate is given.",
        TILDE,
        *by_time,
        chance_note(fewest, fewest),
    )
    return Table("Setups ranked per scenario", columns, tuple(rows), notes if contexts else ())


def rank(cells: Sequence[CellResults], cell: CellResults) -> int | None:
    """One more than the number of cells that are better by evidence; None when invalid or a single repeat."""
    metric = ranking_metric(cell)
    found = cell.estimate(metric)
    if not cell.valid or found is None or found.n < 2:
        return None
    comparisons = (other.against(cell, metric) for other in cells if other is not cell)
    return 1 + sum(found is not None and found.direction == metric.better for found in comparisons)


def _ranked_rows(cells: Sequence[CellResults], metrics: Sequence[Metric]) -> Iterable[Row]:
    places = {id(cell): rank(cells, cell) for cell in cells}
    leader = min(cells, key=_best_first)
    metric = ranking_metric(leader)
    for cell in sorted(cells, key=lambda cell: (places[id(cell)] or math.inf, _best_first(cell))):
        place = places[id(cell)]
        throughput = cell.estimate(THROUGHPUT)
        entries = (
            (NOTHING if not cell.valid else NO_EVIDENCE) if place is None else str(place),
            cell.setup,
            THROUGHPUT.show(throughput),
            spread(throughput),
            "" if cell is leader else _ratio(cell.against(leader, metric)),
            *(_entry(cell, each) for each in metrics),
        )
        yield Row(entries, f"{cell.scenario}: {cell.where}", cell.caveats, not cell.valid)


def _ratio(found: Comparison | None) -> str:
    return NOTHING if found is None else found.text


def twin_table(results: Results) -> Table:
    """The same work done in different ways, each against its group's reference variant."""
    sets = twins(results.cells)
    metrics, by_time = _with_p99_by_time(chain.from_iterable(sets), P50, P99, CPU, VICTIM_P99)
    columns = (
        label("variant"),
        metric_column(THROUGHPUT),
        _RANGE,
        Column("to first"),
        *map(metric_column, metrics),
    )
    rows = [_twin_row(cell, cells[0], metrics) for cells in sets for cell in cells]
    floor = (FLOOR,) if any(cell.grows(VICTIM_P99) for cells in sets for cell in cells) else ()
    notes = (
        "The victim is an innocent request that a slow probe repeats on its own connections next to the load.",
        *floor,
        *by_time,
        TILDE,
    )
    return Table("The same work, done differently", columns, tuple(rows), notes if rows else ())


def _twin_row(cell: CellResults, reference: CellResults, metrics: Iterable[Metric]) -> Row:
    throughput = cell.estimate(THROUGHPUT)
    entries = (
        cell.scenario,
        THROUGHPUT.show(throughput),
        spread(throughput),
        "" if cell is reference else _ratio(cell.against(reference, THROUGHPUT)),
        *(_entry(cell, metric) for metric in metrics),
    )
    return Row(entries, f"{cell.group}: {cell.setup}, {cell.where}", cell.caveats, not cell.valid)


def stage_table(results: Results) -> Table:
    """The stages of loads that are not constant: what each served, and how fast."""
    columns = (
        label("stage"),
        Column("from", "s"),
        Column("for", "s"),
        Column("level"),
        metric_column(THROUGHPUT),
        _RANGE,
        *map(metric_column, (P50, P99)),
        Column("errors"),
    )
    rows = [
        _stage_row(cell, place)
        for cell in results.cells
        for place in range(min(len(record.summary.stages) for record in cell.records))
    ]
    notes = (
        "Level: the users or the arrivals a second of a stage, on average. A request belongs to the stage in which it "
        "was due, throughput to the one in which the answers came.",
    )
    return Table("Stages of changing loads", columns, tuple(rows), notes if rows else ())


def _stage_row(cell: CellResults, place: int) -> Row:
    stages = [record.summary.stages[place] for record in cell.records]
    throughput = estimate(stage.throughput_rps for stage in stages)
    p50, p99 = (estimate(getattr(stage.response_ms, name) for stage in stages) for name in ("p50", "p99"))
    first = stages[0]
    entries = (
        str(place + 1),
        f"{first.t_s:.3g}",
        f"{first.duration_s:.3g}",
        three_digits(first.level),
        THROUGHPUT.show(throughput),
        spread(throughput),
        P50.show(p50),
        P99.show(p99),
        f"{sum(stage.errors for stage in stages):,}",
    )
    return Row(entries, f"{cell.setup}, {cell.scenario}: {cell.where}", cell.caveats, not cell.valid)


def chance_note(n_base: int, n_head: int, made: int | None = None) -> str:
    """How often chance alone shows a difference between so many repeats, and how many comparisons were made."""
    if min(n_base, n_head) < 2:
        return "A single repeat has no spread, so it can show no difference."
    one_in = 1 / chance(n_base, n_head)
    return (
        f"With {n_base} repeats against {n_head}, two equal things look different by chance in one of "
        f"{one_in:.0f} comparisons{'' if made is None else f'; here are {made}'}."
    )


def caveats_of(records: Iterable[Record]) -> tuple[tuple[Caveat, tuple[Record, ...]], ...]:
    """Every caveat with the records that carry it, by code and text."""
    found: dict[Caveat, list[Record]] = {}
    for record in records:
        for caveat in record.caveats:
            found.setdefault(caveat, []).append(record)
    ordered = sorted(found, key=lambda caveat: (caveat.code, caveat.text))
    return tuple((caveat, tuple(found[caveat])) for caveat in ordered)
