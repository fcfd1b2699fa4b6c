"""Records -> latency against percentile, as charts."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.model.record import Record
from bench.report.bars import twin_sets
from bench.report.charts.palette import SETUPS, role
from bench.report.charts.panels import Chart, Curve, CurvePanel
from bench.results.cells import CellResults, by_context, by_place
from bench.stats.format import three_digits


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
    sets = twin_sets(drawn)
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
            "vertical axis. Bold is the median over the rounds of each round's percentile, faint is each round; "
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
