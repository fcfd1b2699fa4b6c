"""Records -> tables: the summary of a run, its rankings, twins and stages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from bench.model.record import Caveat, Record
from bench.results.cells import CellResults, by_context, twins
from bench.results.results import Results
from bench.results.standings import (
    against_reference,
    has_slices,
    interval_text,
    round_s,
    standings,
    verdict_text,
)
from bench.stats.best import Standing
from bench.stats.comparison import MARGIN, Comparison
from bench.stats.estimate import estimate
from bench.stats.format import NOTHING, spread, three_digits
from bench.stats.metrics import CPU, MEMORY, P50, P99, P99_BY_TIME, THROUGHPUT, VICTIM_P99, Metric
from bench.stats.table import Column, Row, Table, label

MEDIANS = (
    "Each figure is the median of the rounds; range is (largest - smallest) / median. A percentile is the "
    "median of the rounds' own percentiles, not the percentile of all requests together."
)
ABSOLUTES = (
    "Absolute figures come from slices whose caches other servers have used in between: they lie somewhat below a "
    "server that runs alone (bench run --long measures that)."
)
METHOD = (
    "Every round starts fresh servers. They live at once and are measured in short slices in turn, so that drift of "
    "the machine cancels out of the ratios."
)
METHOD_ATTACHED = METHOD.replace(
    "Every round starts fresh servers. They live at once", "The servers ran already: they live at once"
)
INTERVAL = (
    "A ratio stands with the interval that holds it with 95 % confidence, for all rows of a section together; it comes "
    "from how much the rounds differ."
)
WORDS = (
    f"better, worse: the interval leaves out 1. same: all of it lies within {100 * MARGIN:g} %. unresolved: neither; "
    "a run as long as it says would settle it, if ratio and noise stay as they are."
)
SINGLE = "A single round has no interval, so it settles nothing."

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
_OF_SETUPS = (THROUGHPUT, P99, CPU, MEMORY)
_OF_TWINS = (THROUGHPUT, P50, P99, CPU, VICTIM_P99)


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
    rows = [
        _summary_row(cell, metrics)
        for cells in contexts
        for cell in _in_order(cells, standings(cells, ranking_metric(cells[0])))
    ]
    setups = results.facts.plan.setups.values()
    attached = bool(setups) and all(one.fields.get("server") == "running" for one in setups)
    method = (METHOD_ATTACHED if attached else METHOD, ABSOLUTES) if has_slices(results) else ()
    notes = (MEDIANS, *method, *by_time, *results.notes)
    return Table("Summary", columns, tuple(rows), notes if rows else ())


def _in_order(
    cells: Sequence[CellResults], ranked: Iterable[tuple[CellResults, Standing]]
) -> tuple[CellResults, ...]:
    """The cells of one context as they are ranked, then those without a rank, the invalid ones last."""
    first = {cell.key: cell for cell, _ in ranked}
    return (*first.values(), *sorted((cell for cell in cells if cell.key not in first), key=_best_first))


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
    """The setups of each scenario, engine and load, where there are two or more, against the best of them."""
    contexts = [cells for cells in by_context(results.cells).values() if len(cells) > 1]
    metrics, by_time = _with_p99_by_time(chain.from_iterable(contexts), *_OF_SETUPS)
    columns = (
        label("setup"),
        Column("to best"),
        label("verdict"),
        Column("CPU to best"),
        label("CPU verdict"),
        *map(metric_column, metrics),
    )
    each_s = round_s(results)
    rows = tuple(chain.from_iterable(_ranked_rows(cells, metrics, each_s) for cells in contexts))
    notes = (
        "Closed loads rank by throughput, open loads by p99: their rate is given. CPU is the time of the server's "
        "processes per request. Invalid cells have no rank.",
        *_rule_notes(results),
        *by_time,
    )
    return Table("Setups ranked per scenario", columns, rows, notes if rows else ())


def _ranked_rows(
    cells: Sequence[CellResults], metrics: Sequence[Metric], each_s: float | None
) -> Iterable[Row]:
    ranked = standings(cells, ranking_metric(cells[0]))
    by_rank, by_cpu = ({cell.key: found for cell, found in some} for some in (ranked, standings(cells, CPU)))
    for cell in _in_order(cells, ranked):
        entries = (
            cell.setup,
            *_standing(by_rank.get(cell.key), each_s),
            *_standing(by_cpu.get(cell.key), each_s),
            *(_entry(cell, each) for each in metrics),
        )
        yield Row(entries, f"{cell.scenario}: {cell.where}", cell.caveats, not cell.valid)


def _standing(found: Standing | None, each_s: float | None) -> tuple[str, str]:
    """The ratio with its interval, and the verdict."""
    if found is None:
        return NOTHING, NOTHING
    return interval_text(found), verdict_text(found.verdict, found, each_s)


def _rule_notes(results: Results) -> tuple[str, ...]:
    """How ratios and their verdicts are to be read."""
    rounds = {record.cell.repeat for record in results.records}
    return (INTERVAL, WORDS) if len(rounds) > 1 else (SINGLE,)


def twin_table(results: Results) -> Table:
    """The same work done in different ways, each against its group's reference variant."""
    sets = twins(results.cells)
    metrics, by_time = _with_p99_by_time(chain.from_iterable(sets), *_OF_TWINS)
    columns = (
        label("variant"),
        Column("to reference"),
        label("verdict"),
        Column("CPU to reference"),
        label("CPU verdict"),
        *map(metric_column, metrics),
    )
    each_s = round_s(results)
    rows = tuple(chain.from_iterable(_twin_rows(cells, metrics, each_s) for cells in sets))
    floor = (FLOOR,) if any(cell.grows(VICTIM_P99) for cells in sets for cell in cells) else ()
    notes = (
        "The first row of a section is the reference; others are compared with it, by throughput in a closed load and "
        "by p99 in an open one. The victim is an innocent request that a slow probe repeats on its own connections "
        "next to the load.",
        *_rule_notes(results),
        *floor,
        *by_time,
    )
    return Table("The same work, done differently", columns, rows, notes if rows else ())


def _twin_rows(
    cells: Sequence[CellResults], metrics: Sequence[Metric], each_s: float | None
) -> Iterable[Row]:
    by_rank, by_cpu = (
        {cell.key: (found, metric) for cell, found in against_reference(cells, metric)}
        for metric in (ranking_metric(cells[0]), CPU)
    )
    for cell in cells:
        compared = (
            ("", "", "", "")
            if cell is cells[0]
            else (*_comparison(*by_rank[cell.key], each_s), *_comparison(*by_cpu[cell.key], each_s))
        )
        entries = (cell.scenario, *compared, *(_entry(cell, metric) for metric in metrics))
        yield Row(entries, f"{cell.group}: {cell.setup}, {cell.where}", cell.caveats, not cell.valid)


def _comparison(found: Comparison | None, metric: Metric, each_s: float | None) -> tuple[str, str]:
    """The ratio with its interval, and the verdict."""
    if found is None:
        return NOTHING, NOTHING
    return interval_text(found), verdict_text(found.verdict(metric.better), found, each_s)


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


def caveats_of(records: Iterable[Record]) -> tuple[tuple[Caveat, tuple[Record, ...]], ...]:
    """Every caveat with the records that carry it, by code and text."""
    found: dict[Caveat, list[Record]] = {}
    for record in records:
        for caveat in record.caveats:
            found.setdefault(caveat, []).append(record)
    ordered = sorted(found, key=lambda caveat: (caveat.code, caveat.text))
    return tuple((caveat, tuple(found[caveat])) for caveat in ordered)
