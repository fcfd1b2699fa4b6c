"""Two runs in one table, and the sentences that say how to read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.gates.runs.evidence import ALPHA
from bench.gates.runs.outcome import found_from
from bench.gates.runs.pairs import CellPair
from bench.model.change import Change, gravest
from bench.results.anchor import ANCHOR, in_rotations
from bench.results.cells import CellResults
from bench.results.tables import ranking_metric
from bench.stats.format import NOTHING, times
from bench.stats.metrics import CPU, Metric
from bench.stats.table import Column, Row, Table, label


def side_by_side(
    title: str,
    found: Iterable[tuple[CellPair, Sequence[Change]]],
    metrics: Sequence[Metric],
    notes: tuple[str, ...],
) -> Table:
    """One row a pair: each metric of both runs and their ratio, and the verdict of its changes."""
    columns = [label("setup"), label("scenario")]
    for metric in metrics:
        columns += [Column(metric.name, "base"), Column(metric.unit, "new"), Column("", "ratio")]
    rows = tuple(_row(pair, metrics, changes) for pair, changes in found)
    return Table(title, (*columns, Column("found from"), label("verdict")), rows, notes)


def _row(pair: CellPair, metrics: Sequence[Metric], changes: Sequence[Change]) -> Row:
    cell, parts = pair.either, [part for part in (pair.base, pair.head) if part]
    entries = [cell.setup, cell.scenario]
    for metric in metrics:
        base, head = (part.estimate(metric) if part else None for part in (pair.base, pair.head))
        sound = all(part.valid for part in parts) and base and head and base.median > 0
        ratio = times(head.median / base.median) if sound and base and head else NOTHING
        entries += [metric.show(base), metric.show(head), ratio]
    verdict = gravest([change.verdict for change in changes if change.verdict is not None])
    entries += [found_from(changes), "missing" if pair.sides is None else verdict or ANCHOR]
    caveats = {caveat: None for part in parts for caveat in part.caveats}
    loads = " against ".join(dict.fromkeys(part.load_label for part in parts))
    return Row(
        tuple(entries), f"{cell.engine}, {loads}", tuple(caveats), not all(part.valid for part in parts)
    )


def readings(found: Sequence[CellPair], threshold: float) -> Iterable[str]:
    share = f"{100 * threshold:g} %"
    yield (
        f"Regressed or improved: through the anchor, the change is larger than {share}, whatever part of the machine's "
        f"drift the cell feels, and larger than in {100 * (1 - ALPHA):g} % of pairs of runs of equal code. No change: "
        f"the 95 % interval lies within {share}. Else inconclusive; found from is how large a change would have shown."
    )
    yield (
        "Ratios stand as they were measured, drift included: only the verdicts say whether a change is shown, as two "
        "runs have no round in common."
    )
    yield from _common_lane(found)
    for pair in found:
        if pair.anchors and pair.sides:
            yield _drift(pair.name.partition(" / ")[2], *pair.sides)
            yield (
                "The anchor runs on the same packages: what a new version of them costs it and the app alike does not "
                "show."
            )


def _common_lane(found: Sequence[CellPair]) -> Iterable[str]:
    """How the cells are compared through the anchor; nothing where the runs have none in common."""
    if not any(pair.anchors for pair in found):
        return
    cells = [side for pair in found if pair.sides for side in pair.sides]
    if in_rotations(cells):
        yield (
            "Both runs hold the anchor as a lane of the same rotations: ratios to it are drawn rotation by rotation, "
            "so that drift within a round cancels."
        )
    else:
        yield "Ratios to the anchor are those of whole rounds, as a cell of these runs has no slices."


def _drift(name: str, base: CellResults, head: CellResults) -> str:
    """`Anchor, ping / native / 32 users: throughput 0.93 ×, CPU 1.08 ×: so much did the machine itself differ.`"""
    figures = [
        f"{metric.name} {times(in_head.median / in_base.median)}"
        for metric in (ranking_metric(base), CPU)
        if (in_base := base.estimate(metric)) and (in_head := head.estimate(metric)) and in_base.median > 0
    ]
    return f"Anchor, {name}: {', '.join(figures)}: so much did the machine itself differ."
