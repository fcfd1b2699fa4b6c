"""Records -> charts over time: throughput and latency, and what happened on the server while they changed."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence

from bench.model.record import Record, Worker, WorkerTimeline
from bench.report.charts.palette import INK, OTHER, QUIET, SETUPS, role
from bench.report.charts.panels import (
    Chart,
    LanePanel,
    LoadStep,
    Moment,
    PlotLane,
    PlotLine,
    TimePanel,
)
from bench.results.cells import CellResults
from bench.results.findings.causes import of_record

_SPIKE = 2.0
"""A bin whose p99 is this many times that of the middle bin is worth a look at what else happened."""
_FLAT = 0.05
"""Memory and counts of things that are always there are shown when they move by more than this share."""

WorkerColumn = Callable[[WorkerTimeline], Sequence[float | None]]


def server_over_time(cells: Sequence[CellResults]) -> Chart:
    """Of each cell its least steady repeat: latency above, and below it all that was measured inside the server."""
    chosen = [min(cell.records, key=_steadiness) for cell in cells]
    drawn = [
        (cell, record)
        for cell, record in sorted(zip(cells, chosen, strict=True), key=lambda pair: _steadiness(pair[1]))
        if len(record.summary.timeline) > 1
        and any(worker.timeline.t_s for worker in record.resources.workers)
    ]
    return Chart(
        name="server",
        title="The server while it happened",
        reading="Look for what moves with the latency on top: the shaded stretches are those whose p99 is twice the "
        "usual or more. The worst cell of each cause that is named comes first, then the least steady; of each cell "
        "one repeat is shown, and only what was measured and is not zero throughout. Dashed across a lane: its limit.",
        panels=tuple(_panel(cell, record) for cell, record in _each_kind_first(drawn)),
    )


def _steps(record: Record) -> tuple[LoadStep, ...]:
    """The stages of a load that is not constant."""
    return tuple(LoadStep(stage.t_s, stage.level) for stage in record.summary.stages)


def _each_kind_first(drawn: Sequence[tuple[CellResults, Record]]) -> list[tuple[CellResults, Record]]:
    """In their order, but for the worst of each kind of cause, which are put in front of all."""
    worst: dict[str, tuple[float, int]] = {}
    for place, (_, record) in enumerate(drawn):
        for cause in of_record(record):
            worst[cause.kind] = max(worst.get(cause.kind, (-1.0, place)), (cause.weight, place))
    front = dict.fromkeys(place for _, place in worst.values())
    return [drawn[place] for place in (*front, *(n for n in range(len(drawn)) if n not in front))]


def _panel(cell: CellResults, record: Record) -> LanePanel:
    repeat = f", repeat {record.cell.repeat + 1}" if len(cell.records) > 1 else ""
    return LanePanel(
        title=f"{cell.setup} · {cell.scenario}",
        where=cell.where + repeat,
        lanes=(_latency(record), *_server_lanes(record, role(cell.variant))),
        end_s=record.measured_s,
        spikes=tuple(_spikes(record)),
        steps=_steps(record),
        invalid=not cell.valid,
        codes=cell.codes,
    )


def _bin_s(record: Record) -> float:
    first, second, *_ = record.summary.timeline
    return second.t_s - first.t_s


def _latency(record: Record) -> PlotLane:
    middle_s = _bin_s(record) / 2
    p99 = tuple((bin.t_s + middle_s, bin.p99_ms) for bin in record.summary.timeline)
    p50 = tuple((bin.t_s + middle_s, bin.p50_ms) for bin in record.summary.timeline)
    return PlotLane(
        "response, ms: p99, and p50 dashed",
        (PlotLine("", INK, p99), PlotLine("", QUIET, p50, True)),
        log=True,
    )


def _spikes(record: Record) -> Iterator[tuple[float, float]]:
    times = [bin.p99_ms for bin in record.summary.timeline if bin.p99_ms is not None]
    limit = _SPIKE * statistics.median(times or [0.0])
    for bin in record.summary.timeline:
        if bin.p99_ms is not None and bin.p99_ms >= limit > 0:
            yield bin.t_s, bin.t_s + _bin_s(record)


def _server_lanes(record: Record, colour: str) -> Iterator[PlotLane]:
    """The lanes of what was measured and tells something."""
    workers = record.resources.workers

    def lane(
        name: str,
        column: WorkerColumn,
        times: float = 1.0,
        limit: float | None = None,
        *,
        moving: bool = False,
    ) -> Iterator[PlotLane]:
        lines = tuple(
            PlotLine(label, shade, _points(worker.timeline, column(worker.timeline), times))
            for worker, label, shade in _label_workers(workers, colour)
        )
        figures = [figure for line in lines for _, figure in line.points if figure is not None]
        if any(figures) and (not moving or _moves(lines)):
            yield PlotLane(name, lines, limit)

    tokens, pool = (max(filter(None, limits), default=None) for limits in _limits(workers))
    if len(workers) > 1:
        yield from lane("requests of each worker, a second", lambda line: line.throughput_rps)
    yield from lane("CPU, % of a core", lambda line: line.cpu_share, 100)
    yield from lane("threads ready without a CPU, s a second", lambda line: line.run_wait_share)
    yield from lane("event loop late by, ms", lambda line: line.loop_lag_ms)
    yield from lane("longest garbage collection, ms", lambda line: line.gc_pause_ms)
    yield from lane(f"threads of the pool in use, of {tokens}", lambda line: line.tokens_busy, 1.0, tokens)
    yield from lane("calls waiting for a thread", lambda line: line.tokens_waiting)
    yield from lane(f"database connections out, of {pool}", lambda line: line.pool_busy, 1.0, pool)
    yield from lane("requests waiting for a connection", lambda line: line.pool_waiting)
    yield from _connections(record)
    yield from lane("context switches a second", _switches)
    yield from lane("memory, MB", lambda line: line.rss_bytes, 1e-6, moving=True)
    yield from lane("threads", lambda line: line.threads, moving=True)


def _limits(workers: Sequence[Worker]) -> tuple[list[int | None], list[int | None]]:
    return [worker.tokens for worker in workers], [worker.pool for worker in workers]


def _switches(line: WorkerTimeline) -> Sequence[float]:
    return [asked + taken for asked, taken in zip(line.switches_per_s, line.preemptions_per_s, strict=True)]


def _connections(record: Record) -> Iterator[PlotLane]:
    """Those of the whole server: who accepted a connection cannot be told from outside. Some slices lack it."""
    slices = record.resources.timeline
    ends_s = [0.0, *(part.t_s for part in slices)]
    points = tuple(
        ((start_s + end_s) / 2, part.connections)
        for (start_s, end_s), part in zip(itertools.pairwise(ends_s), slices, strict=True)
        if part.connections is not None
    )
    lines = (PlotLine("", OTHER, points),)
    if _moves(lines):
        yield PlotLane("open connections", lines)


def _label_workers(workers: Sequence[Worker], colour: str) -> Iterator[tuple[Worker, str, str]]:
    """Each worker with its label and colour; one alone has those of its scenario."""
    for place, worker in enumerate(workers):
        alone = len(workers) == 1
        yield worker, "" if alone else f"worker {place + 1}", colour if alone else SETUPS[place % len(SETUPS)]


def _points(
    line: WorkerTimeline, column: Sequence[float | None], times: float
) -> tuple[tuple[float, float | None], ...]:
    """A column's figures, each in the middle of its slice; none for a column that was not measured."""
    ends_s = [0.0, *line.t_s]
    middles = [(start_s + end_s) / 2 for start_s, end_s in itertools.pairwise(ends_s)]
    return tuple(
        (middle, None if figure is None else figure * times)
        for middle, figure in zip(middles, column, strict=False)
    )


def _moves(lines: Sequence[PlotLine]) -> bool:
    """Whether any line leaves the band around its start; a flat one only takes room."""
    for line in lines:
        figures = [figure for _, figure in line.points if figure is not None]
        if figures and max(figures) - min(figures) > _FLAT * max(figures):
            return True
    return False


_FEWEST_IN_BIN = 20


def over_time(cells: Sequence[CellResults]) -> Chart:
    """Throughput and p99 over time: the least steady cells first."""
    ordered = sorted(cells, key=lambda cell: min(map(_steadiness, cell.records)))
    panels = [_time_panel(cell) for cell in ordered if _has_timeline(cell)]
    return Chart(
        name="time",
        title="Throughput and latency over time",
        reading="Level lines are good: throughput above, p99 below, one line a repeat, the least steady cells first. A "
        "shaded stretch is a stall, in which less than a tenth of the usual number of answers came. Dotted: where a "
        "stage of a changing load begins, with its users or arrivals a second.",
        panels=tuple(panels),
    )


def _has_timeline(cell: CellResults) -> bool:
    return any(len(record.summary.timeline) > 1 for record in cell.records)


def _steadiness(record: Record) -> float:
    """The deepest dip: the worst bin as a share of the middle one, where that tells."""
    middle = _middle_rps(record)
    return min((bin.throughput_rps / middle for bin in record.summary.timeline if middle), default=1.0)


def _time_panel(cell: CellResults) -> TimePanel:
    repeats = tuple(_moments(record) for record in cell.records if record.summary.timeline)
    first = next(found for found in repeats if len(found) > 1)
    return TimePanel(
        title=f"{cell.setup} · {cell.scenario}",
        where=cell.where,
        colour=role(cell.variant),
        repeats=repeats,
        bin_s=first[1].t_s - first[0].t_s,
        invalid=not cell.valid,
        codes=cell.codes,
        steps=_steps(cell.records[0]),
    )


def _moments(record: Record) -> tuple[Moment, ...]:
    limit = _middle_rps(record) / 10
    return tuple(
        Moment(bin.t_s, bin.throughput_rps, bin.p99_ms, bin.throughput_rps < limit)
        for bin in record.summary.timeline
    )


def _middle_rps(record: Record) -> float:
    """The rate of the middle bin, or 0 where that bin holds too few answers to judge others by."""
    bins = record.summary.timeline
    if len(bins) < 2:
        return 0.0
    middle = statistics.median(bin.throughput_rps for bin in bins)
    return middle if middle * (bins[1].t_s - bins[0].t_s) >= _FEWEST_IN_BIN else 0.0
