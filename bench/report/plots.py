"""Records -> charts as data: what each shows, in which order; charts.py draws them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from bench.model.plan import Load
from bench.model.record import Record
from bench.report.charts.palette import OTHER, SETUPS, role
from bench.report.charts.panels import Chart, Curve, CurvePanel, Moment, Strip, StripPanel, TimePanel
from bench.report.timelines import server_over_time, steps
from bench.results.cells import CellResults, across, by_context, by_place, fullest, peak, twins
from bench.results.tables import FLOOR, shares
from bench.stats.estimate import Estimate
from bench.stats.format import NOTHING, share, three_digits
from bench.stats.metrics import CPU, MEMORY, THROUGHPUT, VICTIM_P99, Metric

MOST_PANELS = 12
_MOST_TIMES = 9
_FEWEST_IN_BIN = 20


def charts(cells: Sequence[CellResults]) -> tuple[Chart, ...]:
    """The charts of a run of a plan; one with nothing to show is left out."""
    drawn = (
        throughput(cells),
        twin_bars(cells),
        victims(cells),
        curves(cells),
        cpu(cells),
        memory(cells),
        over_time(cells),
        _cut(server_over_time(cells, _steadiness), _MOST_TIMES),
        requests_per_worker(cells),
    )
    return tuple(_cut(chart, MOST_PANELS) for chart in drawn if chart.panels)


def _cut(chart: Chart, most: int) -> Chart:
    """A chart of a sane size, which says so when panels are missing."""
    if len(chart.panels) <= most:
        return chart
    note = f" {most} of {len(chart.panels)} panels are drawn; the summary has a row for each."
    return replace(chart, panels=chart.panels[:most], reading=chart.reading + note)


# --- bars ----------------------------------------------------------------------------------------


def throughput(cells: Sequence[CellResults]) -> Chart:
    """Throughput by setup where setups can be compared, else by scenario."""
    closed = [cell for cell in cells if cell.closed] or cells
    paired = {cell.key for found in _twin_sets(cells) for cell in found}
    return Chart(
        name="throughput",
        title="Throughput per setup and scenario",
        reading=(
            "Longer is better: good answers per second, the median of the repeats; the line at the end of a bar spans "
            "them, and where two such lines overlap the setups cannot be told apart. Each panel has its own scale."
        ),
        panels=_bar_panels(closed, THROUGHPUT, paired),
    )


def cpu(cells: Sequence[CellResults]) -> Chart:
    """CPU time per request, in the panels of the throughput chart and of the twins."""
    return Chart(
        name="cpu",
        title="CPU time per request",
        reading=(
            "Shorter is better: microseconds of CPU that the server's processes spend on one request, the median of "
            "the repeats and their range."
        ),
        panels=_bar_panels(cells, CPU),
    )


def _bar_panels(
    cells: Sequence[CellResults], metric: Metric, elsewhere: Set[tuple[str, str, str, Load]] | None = None
) -> tuple[StripPanel, ...]:
    """One panel a context with several setups, then one a place for the scenarios that ran on a single setup.

    What is drawn `elsewhere` is left out of the latter; by default nothing is, so that a place is seen whole.
    """
    contexts = sorted(by_context(cells).values(), key=lambda members: -len(members))
    crowded = [members for members in contexts if len(members) > 1]
    alone = [cell for members in contexts if len(members) == 1 for cell in members]
    if elsewhere is None:
        places = {cell.place for cell in alone}
        alone = [cell for cell in cells if cell.place in places]
    else:
        alone = [cell for cell in alone if cell.key not in elsewhere]
    panels = [
        _bar_panel(f"{members[0].scenario} · {members[0].where}", members, metric, by_setup=True)
        for members in crowded
    ]
    panels += [
        _bar_panel(f"{members[0].setup} · {members[0].where}", members, metric, by_setup=False)
        for members in by_place(alone).values()
    ]
    return tuple(panel for panel in panels if panel.strips)


def _bar_panel(title: str, cells: Iterable[CellResults], metric: Metric, *, by_setup: bool) -> StripPanel:
    strips = [
        _strip(cell.setup if by_setup else cell.scenario, cell, metric)
        for cell in cells
        if cell.estimate(metric) is not None
    ]
    if by_setup:
        strips.sort(key=lambda strip: _goodness(strip, metric))
    return StripPanel(title=title, strips=tuple(strips), axis=f"{metric.name}, {metric.unit}")


def _goodness(strip: Strip, metric: Metric) -> tuple[bool, float, str]:
    middle = strip.estimate.median if strip.estimate else 0.0
    return (strip.invalid, -middle if metric.better == "higher" else middle, strip.label)


def _strip(name: str, cell: CellResults, metric: Metric) -> Strip:
    found = cell.estimate(metric)
    text = ("≥ " if cell.grows(metric) else "") + _text(metric, found)
    return Strip(
        label=name,
        text=text,
        colour=role(cell.variant),
        estimate=found,
        invalid=not cell.valid,
        codes=cell.codes,
    )


def _text(metric: Metric, found: Estimate | None) -> str:
    if found is None:
        return NOTHING
    shown = metric.write(found.median)
    return shown if found.n < 2 else f"{shown} ({metric.write(found.low)}–{metric.write(found.high)})"


def twin_bars(cells: Sequence[CellResults]) -> Chart:
    """Throughput of each way to write an endpoint, group by group, on one setup."""
    sets = _twin_sets(cells)
    where = f" Measured on {sets[0][0].setup} ({sets[0][0].where})." if sets else ""
    return Chart(
        name="twins",
        title="Async, sync, misuse and offload",
        reading=(
            "Longer is better: throughput of the same work written in different ways. Misuse blocks the event loop; "
            "offload moves the blocking call to a thread." + where
        ),
        panels=tuple(_bar_panel(found[0].group, found, THROUGHPUT, by_setup=False) for found in sets),
    )


def _twin_sets(cells: Iterable[CellResults]) -> tuple[tuple[CellResults, ...], ...]:
    """The twins of the setup, engine and closed load that has the most of them."""
    return fullest(map(twins, by_place(cell for cell in cells if cell.closed).values())) or ()


def memory(cells: Sequence[CellResults]) -> Chart:
    """The largest memory of each setup over all it was asked to do, its invalid cells aside if it has valid ones."""
    strips = []
    for setup in sorted({cell.setup for cell in cells}):
        mine = [cell for cell in cells if cell.setup == setup]
        used = [cell for cell in mine if cell.valid] or mine
        found = _peak(used)
        if found is not None:
            codes = tuple(sorted({code for cell in used for code in cell.codes}))
            invalid = not used[0].valid
            strips.append(
                Strip(
                    label=setup,
                    text=_text(MEMORY, found),
                    colour=OTHER,
                    estimate=found,
                    invalid=invalid,
                    codes=codes,
                )
            )
    strips.sort(key=lambda strip: _goodness(strip, MEMORY))
    panel = StripPanel(title="all scenarios", strips=tuple(strips), axis=f"{MEMORY.name}, {MEMORY.unit}")
    return Chart(
        name="memory",
        title="Memory",
        reading=(
            "Shorter is better: the largest resident memory of all the server's processes together, in any scenario; "
            "the median of the repeats and their range."
        ),
        panels=(panel,) if strips else (),
    )


def _peak(cells: Sequence[CellResults]) -> Estimate | None:
    """The peak over the cells, repeat by repeat: over those repeats that all cells have, else cell by cell."""
    return across(cells, MEMORY, peak) or max(
        (found for cell in cells if (found := cell.estimate(MEMORY))),
        key=lambda found: found.median,
        default=None,
    )


# --- dots ----------------------------------------------------------------------------------------


def victims(cells: Sequence[CellResults]) -> Chart:
    """The p99 of the innocent probe beside each scenario that has one."""
    watched = [cell for cell in cells if cell.estimate(VICTIM_P99) is not None]
    panels = sorted(_bar_panels(watched, VICTIM_P99), key=lambda panel: -len(panel.strips))
    found = [strip.estimate for panel in panels for strip in panel.strips if strip.estimate]
    span = (min(one.low for one in found), max(one.high for one in found)) if found else ()
    axis = "p99 of /bench/ping next to it, ms (logarithmic)"
    grown = f" {FLOOR}" if any(cell.grows(VICTIM_P99) for cell in watched) else ""
    return Chart(
        name="victims",
        title="Who else suffers from the load",
        reading=(
            "Further left is better: how long a request that does nothing waits while the scenario runs. One step to "
            "the right on this logarithmic axis is ten times as long, in all panels alike; a blocked event loop makes "
            f"everybody wait.{grown}"
        ),
        panels=tuple(replace(panel, axis=axis, kind="dots", log=True, span=span) for panel in panels),
    )


def requests_per_worker(cells: Sequence[CellResults]) -> Chart:
    """Each worker's share of the requests, for setups where several answered."""
    panels = []
    for setup in sorted({cell.setup for cell in cells}):
        strips = [strip for cell in cells if cell.setup == setup if (strip := _worker_strip(cell))]
        count = max(
            (_worker_count(record) for cell in cells if cell.setup == setup for record in cell.records),
            default=0,
        )
        if strips and count > 1:
            axis = "share of the requests, %"
            panels.append(
                StripPanel(title=setup, strips=tuple(strips), axis=axis, kind="dots", reference=100 / count)
            )
    return Chart(
        name="workers",
        title="Requests per worker",
        reading=(
            "Each dot is one worker in one repeat, and the upright line is an even share: the closer the dots stand to "
            "it, the better the load is spread."
        ),
        panels=tuple(panels),
    )


def _worker_count(record: Record) -> int:
    return sum(worker.requests is not None for worker in record.resources.workers)


def _worker_strip(cell: CellResults) -> Strip | None:
    seen = [found for record in cell.records if len(found := shares(record.resources.workers)) > 1]
    points = tuple(100 * part for found in seen for part in found)
    if not points:
        return None
    text = f"{share(min(points) / 100)} to {share(max(points) / 100)} %"
    label = f"{cell.scenario} · {cell.where}"
    return Strip(
        label=label,
        text=text,
        colour=role(cell.variant),
        points=points,
        invalid=not cell.valid,
        codes=cell.codes,
    )


# --- lines ---------------------------------------------------------------------------------------


def curves(cells: Sequence[CellResults]) -> Chart:
    """Latency against percentile: setups in one panel where several ran, ways of writing in another."""
    drawn = [cell for cell in cells if any(record.summary.curve_ms for record in cell.records)]
    names = sorted({cell.setup for cell in cells})
    contexts = sorted(by_context(drawn).values(), key=lambda members: -len(members))
    panels = [
        CurvePanel(
            f"{members[0].scenario} · {members[0].where}",
            tuple(_curve(cell, cell.setup, *_setup_colour(names.index(cell.setup))) for cell in members),
        )
        for members in contexts
        if len(members) > 1
    ]
    sets = _twin_sets(drawn)
    panels += [
        _role_panel(f"{found[0].group} · {found[0].setup} · {found[0].where}", found) for found in sets
    ]
    alone = [members[0] for members in contexts if len(members) == 1]
    grouped = {cell.key for found in sets for cell in found}
    alone = [cell for cell in alone if cell.key not in grouped]
    panels += [
        _role_panel(f"{members[0].setup} · {members[0].where}", members)
        for members in by_place(alone).values()
    ]
    return Chart(
        name="latency",
        title="Latency by percentile",
        reading=(
            "Lower is better: of all requests, the share on the horizontal axis was answered within the time on the "
            "vertical axis. Bold is the median over the repeats of each repeat's percentile, faint is each repeat; "
            "both axes are logarithmic, so the slowest one in a thousand has as much room as the others."
        ),
        panels=tuple(panels),
    )


def _setup_colour(place: int) -> tuple[str, int]:
    return SETUPS[place % len(SETUPS)], place // len(SETUPS)


def _role_panel(title: str, cells: Sequence[CellResults]) -> CurvePanel:
    """Scenarios in the colours of their roles, told apart by their dashes where a role comes twice."""
    colours = [role(cell.variant) for cell in cells]
    dashes = [colours[:place].count(colour) for place, colour in enumerate(colours)]
    drawn = zip(cells, colours, dashes, strict=True)
    return CurvePanel(title, tuple(_curve(cell, cell.scenario, colour, dash) for cell, colour, dash in drawn))


def _curve(cell: CellResults, name: str, colour: str, dash: int) -> Curve:
    repeats = tuple(_below_all(record) for record in cell.records if record.summary.curve_ms)
    common = set.intersection(*({percentile for percentile, _ in found} for found in repeats))
    figures = [dict(found) for found in repeats]
    points = tuple((at, statistics.median(found[at] for found in figures)) for at in sorted(common))
    p99 = dict(points).get(99.0)
    label = name if p99 is None else f"{name}, p99 {three_digits(p99)} ms"
    return Curve(
        label=label,
        colour=colour,
        dash=dash,
        points=points,
        repeats=repeats,
        invalid=not cell.valid,
        codes=cell.codes,
    )


def _below_all(record: Record) -> tuple[tuple[float, float], ...]:
    """The curve without its end: the hundredth percentile has no place on the axis, nor has zero latency."""
    return tuple((at, ms) for at, ms in record.summary.curve_ms if at < 100 and ms > 0)


def over_time(cells: Sequence[CellResults]) -> Chart:
    """Throughput and p99 over time: the least steady cells first."""
    ordered = sorted(cells, key=lambda cell: min(map(_steadiness, cell.records)))
    panels = [_time_panel(cell) for cell in ordered if _has_timeline(cell)]
    chart = Chart(
        name="time",
        title="Throughput and latency over time",
        reading="Level lines are good: throughput above, p99 below, one line a repeat, the least steady cells first. A "
        "shaded stretch is a stall, in which less than a tenth of the usual number of answers came. Dotted: where a "
        "stage of a changing load begins, with its users or arrivals a second.",
        panels=tuple(panels),
    )
    return _cut(chart, _MOST_TIMES)


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
        steps=steps(cell.records[0]),
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
