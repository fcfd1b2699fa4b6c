"""Two runs -> what changed, cell by cell.

The evidence is the repeats, each a fresh server. The two runs were made at different times, and on most machines the
hour matters more than a small change: so a cell is compared through the anchor, which each run measures in the same
rounds, and without one nothing is concluded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from bench.gates.runs import conditions, failures
from bench.gates.runs.evidence import ALPHA, NOTHING_FELT, Evidence, Side, felt, judge
from bench.gates.runs.outcome import Outcome, demand_common, found_from, lack
from bench.gates.runs.pairs import Pair, pairs
from bench.model.change import Change, Judgement, gravest
from bench.results.anchor import ANCHOR, nearest, together
from bench.results.caveats import INVALIDATING, NOT_QUIET
from bench.results.cells import CellResults
from bench.results.results import Results
from bench.results.tables import TILDE, ranked_by
from bench.stats.estimate import times
from bench.stats.metrics import CPU, NOTHING, P99, THROUGHPUT, Metric
from bench.stats.table import Column, Row, Table, label

_SHOWN = (THROUGHPUT, P99, CPU)
"""Caveats of a machine that was not the run's own: a figure that has one concludes nothing."""

_DOUBT_OF_FAULTS = NOT_QUIET | {"generator-saturated"}


def compare(
    base: Results, new: Results, threshold: float, metrics: Sequence[Metric] = (), despite: Iterable[str] = ()
) -> Outcome:
    """Judge a run by another one: a change of each cell's metrics that is more than `threshold`, a share, counts.

    Without metrics a closed load is judged by its throughput, an open one by p99, both by the CPU time of a request.
    Raises UsageError where the runs differ in a condition that `despite` does not name, or have no cell in common.
    """
    borne = tuple(despite)
    found = pairs(base, new)
    notes = conditions.check(
        [
            *conditions.of_runs(base.facts, new.facts, dict.fromkeys(pair.either.setup for pair in found)),
            *(one for pair in found for one in _loads(pair)),
        ],
        borne,
    )
    demand_common(sum(pair.sides is not None and not pair.anchors for pair in found), base.name, new.name)
    changes = _changes(found, base, new, metrics, threshold)
    absent = _absent(found, base, new)
    bears_gaps = conditions.bears(borne, conditions.MISSING)
    counted = [changes[pair] for pair in found if not (bears_gaps and pair.sides is None)]
    notes = (*_readings(found, threshold), *notes, *absent)
    title = f"{base.name} against {new.name}"
    return Outcome(
        Judgement(title, tuple(chain.from_iterable(counted)), notes),
        _side_by_side(title, [(pair, changes[pair]) for pair in found], metrics or _SHOWN, notes),
        () if bears_gaps else absent,
    )


def _loads(pair: Pair) -> Iterable[conditions.Difference]:
    return conditions.of_loads(pair.base.load, pair.new.load) if pair.base and pair.new else ()


# --- what changed --------------------------------------------------------------------------------


def _changes(
    found: Sequence[Pair], base: Results, new: Results, metrics: Sequence[Metric], threshold: float
) -> dict[Pair, tuple[Change, ...]]:
    """The changes of each pair; of an anchor there are none."""
    anchors = [pair for pair in found if pair.anchors]
    wrong = _faults([pair for pair in found if not pair.anchors], anchors, base, new, threshold)
    settled: dict[Pair, tuple[Change, ...]] = {}
    evidence: dict[Pair, list[Evidence]] = {}
    for pair in found:
        wanted = metrics or (ranked_by(pair.either), CPU)
        if pair.anchors:
            settled[pair] = ()
        elif pair.sides is None:
            run = base if pair.base is None else new
            settled[pair] = (lack(pair.name, _name(wanted[0]), run.name, _failed(pair, run)),)
        elif pair in wrong:
            settled[pair] = (wrong[pair],)
        elif doubts := _doubts(pair, *pair.sides, base, new):
            settled[pair] = (Change(pair.name, _name(wanted[0]), "inconclusive", why=doubts),)
        else:
            evidence[pair] = [_evidence(pair, *pair.sides, anchors, metric, base, new) for metric in wanted]
    judged = iter(judge(list(chain.from_iterable(evidence.values())), threshold))
    return settled | {pair: tuple(next(judged) for _ in some) for pair, some in evidence.items()}


def _name(metric: Metric) -> str:
    return metric.name.lower()


def _evidence(
    pair: Pair,
    old: CellResults,
    young: CellResults,
    anchors: Sequence[Pair],
    metric: Metric,
    base: Results,
    new: Results,
) -> Evidence:
    """What the repeats say of a metric; where the machine was not quiet, or there is no anchor, that is nothing."""
    name = _name(metric)
    feels = felt(name, pair.either.closed)
    anchor = _anchor(pair, anchors) if feels != NOTHING_FELT else None
    disturbed = _disturbed([("", pair), *([("the anchor ", anchor)] if anchor else [])], base, new)
    lacking = () if anchor or feels == NOTHING_FELT else (_no_anchor(pair, anchors, base, new),)
    before, after = old.estimate(metric), young.estimate(metric)
    change = Change(
        pair.name,
        name,
        None,
        before.median if before else None,
        after.median if after else None,
        why=(*disturbed, *lacking),
        unit=metric.unit,
    )
    return Evidence(
        change=change,
        better=metric.better,
        felt=feels,
        disturbed=bool(disturbed),
        base=_side(old, anchor.base if anchor else None, metric),
        head=_side(young, anchor.new if anchor else None, metric),
    )


def _side(cell: CellResults, anchor: CellResults | None, metric: Metric) -> Side:
    """The logarithms of a metric's figures; none where any is zero, which has no logarithm."""
    if anchor is None:
        return Side(_logs([one for record in cell.records if (one := metric.of(record)) is not None]))
    both = together(cell, anchor, metric)
    mine, its = _logs([one for one, _ in both]), _logs([one for _, one in both])
    return Side(mine, its) if len(mine) == len(its) else Side(())


def _logs(figures: Sequence[float]) -> tuple[float, ...]:
    return tuple(map(math.log, figures)) if all(figure > 0 for figure in figures) else ()


def _anchor(pair: Pair, anchors: Sequence[Pair]) -> Pair | None:
    """The anchor of a cell: of its kind of load, and valid in both runs."""
    sound = [one for one in anchors if one.sides and all(side.valid for side in one.sides)]
    found = nearest(pair.either, [one.either for one in sound])
    return next((one for one in sound if one.either is found), None)


def _no_anchor(pair: Pair, anchors: Sequence[Pair], base: Results, new: Results) -> str:
    """Why a cell has none, and what follows."""
    invalid = [
        f"the anchor is invalid in {run.name} ({', '.join(cell.codes)})"
        for one in anchors
        if one.either.closed == pair.either.closed
        for cell, run in ((one.base, base), (one.new, new))
        if cell and not cell.valid
    ]
    kind = "closed" if pair.either.closed else "open"
    lacks = f"the runs have no cell of setup '{ANCHOR}' with a load that is {kind} in common"
    return f"{'; '.join(invalid) or lacks}: drift of the machine can make a change, and can hide one"


# --- what is wrong -------------------------------------------------------------------------------


def _faults(
    found: Sequence[Pair], anchors: Sequence[Pair], base: Results, new: Results, threshold: float
) -> dict[Pair, Change]:
    """What only the new version does wrong under the same load is a regression, though its figures are invalid."""
    both = [(pair, *pair.sides) for pair in found if pair.sides]
    failing = failures.errors([(pair.name, old, young) for pair, old, young in both])
    changes = {}
    for (pair, old, young), fault in zip(both, failing, strict=True):
        doubts = _disturbed([("", pair)], base, new, _DOUBT_OF_FAULTS)
        if fault:
            chance = () if fault.proven else ("errors come in bursts: so few may be chance",)
            changes[pair] = _doubted(fault.change, (*chance, *doubts))
        elif behind := failures.lag(pair.name, old, young):
            changes[pair] = _doubted(behind, (*_slower_machine(pair, anchors, threshold), *doubts))
    return changes


def _doubted(change: Change, doubts: tuple[str, ...]) -> Change:
    return replace(change, verdict="inconclusive", why=(*change.why, *doubts)) if doubts else change


def _slower_machine(pair: Pair, anchors: Sequence[Pair], threshold: float) -> tuple[str, ...]:
    """A doubt unless an anchor shows that the machine was as fast for the new run."""
    anchor = _anchor(pair, anchors) or next(iter(anchors), None)
    if anchor is None or anchor.sides is None:
        return (f"without a cell of setup '{ANCHOR}' in both runs, a slower machine may be the reason",)
    if not failures.kept_up(*anchor.sides, threshold):
        return ("the anchor was slower in the new run, too: the machine may be the reason",)
    return ()


def _disturbed(
    about: Iterable[tuple[str, Pair]], base: Results, new: Results, codes: Iterable[str] = NOT_QUIET
) -> tuple[str, ...]:
    """Why the machine was not the run's own while cells were measured; `about` is what each is called, and it."""
    return tuple(
        f"{what}in {run.name}: {texts[0]}"
        for what, pair in about
        for cell, run in ((pair.base, base), (pair.new, new))
        if cell and (texts := _texts(cell, codes))
    )


def _doubts(pair: Pair, old: CellResults, young: CellResults, base: Results, new: Results) -> tuple[str, ...]:
    return (*_invalid(old, base), *_invalid(young, new), *_failed(pair, base), *_failed(pair, new))


def _texts(cell: CellResults, codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(caveat.text for caveat in cell.caveats if caveat.code in codes)


def _invalid(cell: CellResults, run: Results) -> Iterable[str]:
    if not cell.valid:
        return [f"invalid in {run.name}: {text}" for text in _texts(cell, INVALIDATING)] or [
            f"invalid in {run.name}"
        ]
    return ()


def _failed(pair: Pair, run: Results) -> Iterable[str]:
    """Why repeats of a cell may be missing in a run."""
    cell = pair.either
    return dict.fromkeys(
        f"failed in {run.name}: {failure.error.splitlines()[0]}"
        for failure in run.failures
        if failure.setup == cell.setup and failure.scenario in (None, cell.scenario) and failure.error
    )


# --- how it is said ------------------------------------------------------------------------------


def _side_by_side(
    title: str,
    found: Iterable[tuple[Pair, Sequence[Change]]],
    metrics: Sequence[Metric],
    notes: tuple[str, ...],
) -> Table:
    columns = [label("setup"), label("scenario")]
    for metric in metrics:
        columns += [Column(metric.name, "base"), Column(metric.unit, "new"), Column("", "ratio")]
    rows = tuple(_row(pair, metrics, changes) for pair, changes in found)
    return Table(title, (*columns, Column("found from"), label("verdict")), rows, notes)


def _row(pair: Pair, metrics: Sequence[Metric], changes: Sequence[Change]) -> Row:
    cell, parts = pair.either, [part for part in (pair.base, pair.new) if part]
    entries = [cell.setup, cell.scenario]
    for metric in metrics:
        ratio = pair.new.against(pair.base, metric) if pair.base and pair.new else None
        figures = [part.estimate(metric) if part else None for part in (pair.base, pair.new)]
        entries += [*map(metric.show, figures), NOTHING if ratio is None else ratio.text]
    verdict = gravest([change.verdict for change in changes if change.verdict is not None])
    entries += [found_from(changes), "missing" if pair.sides is None else verdict or ANCHOR]
    caveats = {caveat: None for part in parts for caveat in part.caveats}
    loads = " against ".join(dict.fromkeys(part.load_label for part in parts))
    return Row(
        tuple(entries), f"{cell.engine}, {loads}", tuple(caveats), not all(part.valid for part in parts)
    )


def _readings(found: Sequence[Pair], threshold: float) -> Iterable[str]:
    share = f"{100 * threshold:g} %"
    yield (
        f"Regressed or improved: through the anchor, the change is larger than {share}, whatever part of the machine's "
        f"drift the cell feels, and larger than in {100 * (1 - ALPHA):g} % of pairs of runs of equal code. No change: "
        f"the 95 % interval lies within {share}. Else inconclusive; found from is how large a change would have shown."
    )
    yield f"Ratios stand as they were measured, drift included. {TILDE}"
    for pair in found:
        if pair.anchors and pair.sides:
            yield _drift(pair.name.partition(" / ")[2], *pair.sides)
            yield (
                "The anchor runs on the same packages: what a new version of them costs it and the app alike does not "
                "show."
            )


def _drift(name: str, old: CellResults, young: CellResults) -> str:
    """`Anchor, ping / native / 32 users: throughput 0.93 ×, CPU 1.08 ×: so much did the machine itself differ.`"""
    figures = [
        f"{metric.name} {times(after.median / before.median)}"
        for metric in (ranked_by(old), CPU)
        if (before := old.estimate(metric)) and (after := young.estimate(metric)) and before.median > 0
    ]
    return f"Anchor, {name}: {', '.join(figures)}: so much did the machine itself differ."


def _absent(found: Iterable[Pair], base: Results, new: Results) -> tuple[str, ...]:
    """A sentence for each run that lacks cells of the other."""
    gone = [pair.name for pair in found if pair.new is None]
    fresh = [pair.name for pair in found if pair.base is None]
    return tuple(
        f"Only in {run.name}: {'; '.join(names)}." for run, names in ((base, gone), (new, fresh)) if names
    )
