"""Records -> bars and dots by setup, scenario or worker, as charts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from bench.model.plan import Load
from bench.model.record import Record
from bench.report.charts.palette import OTHER, role
from bench.report.charts.panels import Chart, Strip, StripPanel
from bench.results.cells import CellResults, across, by_context, by_place, fullest, peak, twins
from bench.results.tables import FLOOR
from bench.results.worker_table import shares
from bench.stats.estimate import Estimate
from bench.stats.format import NOTHING, share
from bench.stats.metrics import CPU, MEMORY, THROUGHPUT, VICTIM_P99, Metric


def throughput(cells: Sequence[CellResults]) -> Chart:
    """Throughput by setup where setups can be compared, else by scenario."""
    closed = [cell for cell in cells if cell.closed] or cells
    paired = {cell.key for found in twin_sets(cells) for cell in found}
    return Chart(
        name="throughput",
        title="Throughput per setup and scenario",
        reading=(
            "Longer is better: good answers per second, the median of the rounds; the line at the end of a bar spans "
            "them, which says how steady the machine was and not which setup is better. Each panel has its own scale."
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
            "the rounds and their range."
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
    sets = twin_sets(cells)
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


def twin_sets(cells: Iterable[CellResults]) -> tuple[tuple[CellResults, ...], ...]:
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
            "the median of the rounds and their range."
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
