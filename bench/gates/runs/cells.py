"""Two runs -> what changed, cell by cell.

The evidence is the repeats, each a fresh server. The two runs were made at different times, and on most machines the
hour matters more than a small change: so a cell is compared through the anchor, which each run measures in the same
rounds, and without one nothing is concluded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from bench.gates.runs import conditions, failures
from bench.gates.runs.endpoints import (
    JUDGED_BY_NAME,
    ChangesByName,
    endpoint_table,
    judge_endpoints,
    settled_changes,
)
from bench.gates.runs.evidence import NOTHING_FELT, CellEvidence, CellLogs, judge, sensitivity
from bench.gates.runs.outcome import Outcome, demand_common, lack
from bench.gates.runs.pairs import CellPair, pairs
from bench.gates.runs.side_by_side import readings, side_by_side
from bench.model.change import Change, Judgement
from bench.results.anchor import ANCHOR, anchor_pairs, in_rotations, nearest
from bench.results.caveats import INVALIDATING, NOT_QUIET
from bench.results.cells import CellResults
from bench.results.results import Results
from bench.results.tables import ranking_metric
from bench.stats.metrics import CPU, P99, THROUGHPUT, Metric

_SHOWN = (THROUGHPUT, P99, CPU)
"""The metrics of the table, unless others are asked for."""

_DOUBT_OF_FAULTS = NOT_QUIET | {"generator-saturated"}


def compare(
    base: Results,
    head: Results,
    threshold: float,
    metrics: Sequence[Metric] = (),
    despite: Iterable[str] = (),
) -> Outcome:
    """Judge a run by another one: a change of each cell's metrics that is more than `threshold`, a share, counts.

    Without metrics a closed load is judged by its throughput, an open one by p99, both by the CPU time of a request.
    Raises UsageError where the runs differ in a condition that `despite` does not name, or have no cell in common.
    """
    borne = tuple(despite)
    found = pairs(base, head)
    notes = conditions.check(
        [
            *conditions.of_runs(base.facts, head.facts, dict.fromkeys(pair.either.setup for pair in found)),
            *_by_hand(base, head),
            *(one for pair in found for one in _loads(pair, base, head)),
        ],
        borne,
    )
    demand_common(sum(pair.sides is not None and not pair.anchors for pair in found), base.name, head.name)
    both = _Both(base, head, tuple(pair for pair in found if pair.anchors), threshold)
    changes, by_name = _changes(found, both, metrics)
    absent = _absent(found, both)
    bears_gaps = conditions.bears(borne, conditions.MISSING)
    counted = [changes[pair] for pair in found if not (bears_gaps and pair.sides is None)]
    notes = (*readings(found, threshold), *notes, *absent)
    title = f"{base.name} against {head.name}"
    return Outcome(
        Judgement(title, (*chain.from_iterable(counted), *settled_changes(by_name)), notes),
        side_by_side(title, [(pair, changes[pair]) for pair in found], metrics or _SHOWN, notes),
        () if bears_gaps else absent,
        endpoint_table(found, by_name),
    )


def _by_hand(base: Results, head: Results) -> Iterable[conditions.Difference]:
    """Whether tests by hand had other users side by side."""
    if _are_by_hand(base, head) and base.facts.plan.about != head.facts.plan.about:
        yield conditions.Difference("load", "test", *(str(run.facts.plan.about) for run in (base, head)))


def _are_by_hand(base: Results, head: Results) -> bool:
    return base.facts.plan.by_hand and head.facts.plan.by_hand


def _loads(pair: CellPair, base_run: Results, head_run: Results) -> Iterable[conditions.Difference]:
    """How the loads differ; the length of a test by hand, which nobody planned, is only mentioned."""
    if not (pair.base and pair.head):
        return
    are_by_hand = _are_by_hand(base_run, head_run)
    for one in conditions.of_loads(pair.base.load, pair.head.load):
        yield replace(one, field=None) if are_by_hand and one.what == "duration_s" else one
    base, head = (
        "in slices" if in_rotations([side]) else "in one stretch" for side in (pair.base, pair.head)
    )
    if base != head:
        yield conditions.Difference("load", "measured", base, head)


@dataclass(frozen=True, slots=True)
class _Both:
    """Both runs, the anchors that they have in common, and the smallest change that counts."""

    base: Results
    head: Results
    anchors: tuple[CellPair, ...]
    threshold: float

    def of(self, pair: CellPair) -> tuple[tuple[CellResults, Results], ...]:
        """The cells of a pair, each with its run."""
        sides = ((pair.base, self.base), (pair.head, self.head))
        return tuple((cell, run) for cell, run in sides if cell)


def _absent(found: Iterable[CellPair], both: _Both) -> tuple[str, ...]:
    """A sentence for each run that lacks cells of the other."""
    found = tuple(found)
    in_base = [pair.name for pair in found if pair.head is None]
    in_head = [pair.name for pair in found if pair.base is None]
    sides = ((both.base, in_base), (both.head, in_head))
    return tuple(f"Only in {run.name}: {'; '.join(names)}." for run, names in sides if names)


# --- what changed --------------------------------------------------------------------------------


def _changes(
    found: Sequence[CellPair], both: _Both, metrics: Sequence[Metric]
) -> tuple[dict[CellPair, tuple[Change, ...]], ChangesByName]:
    """The changes of each pair, of which an anchor has none, and those of the requests by name."""
    wrong = _faults([pair for pair in found if not pair.anchors], both)
    settled: dict[CellPair, tuple[Change, ...]] = {}
    evidence: dict[CellPair, list[CellEvidence]] = {}
    for pair in found:
        wanted = metrics or (ranking_metric(pair.either), CPU)
        if pair.anchors:
            settled[pair] = ()
        elif pair.sides is None:
            run = both.base if pair.base is None else both.head
            settled[pair] = (lack(pair.name, wanted[0].key, run.name, _failures_of(pair, run)),)
        elif pair in wrong:
            settled[pair] = (wrong[pair],)
        elif doubts := _doubts(pair, both):
            change = Change(name=pair.name, metric=wanted[0].key, verdict="inconclusive", why=doubts)
            settled[pair] = (change,)
        else:
            evidence[pair] = [_evidence(pair, *pair.sides, metric, both) for metric in wanted]
    judged = iter(judge(list(chain.from_iterable(evidence.values())), both.threshold))
    changes = settled | {pair: tuple(next(judged) for _ in some) for pair, some in evidence.items()}

    def evidence_of(pair: CellPair, metric: Metric) -> CellEvidence:
        assert pair.sides is not None
        return _evidence(pair, *pair.sides, metric, both)

    wanted = metrics or JUDGED_BY_NAME
    return changes, judge_endpoints(list(evidence), evidence_of, wanted, both.threshold)


def _evidence(
    pair: CellPair, base: CellResults, head: CellResults, metric: Metric, both: _Both
) -> CellEvidence:
    """The repeats of a metric as evidence, which concludes nothing without an anchor or a quiet machine."""
    name = metric.key
    feels = sensitivity(name, pair.either.closed)
    anchor = _anchor(pair, both.anchors) if feels != NOTHING_FELT else None
    disturbed = _disturbances([("", pair), *([("the anchor ", anchor)] if anchor else [])], both)
    lacking = () if anchor or feels == NOTHING_FELT else (_no_anchor(pair, both),)
    base_estimate, head_estimate = base.estimate(metric), head.estimate(metric)
    change = Change(
        name=pair.name,
        metric=name,
        verdict=None,
        base=base_estimate.median if base_estimate else None,
        head=head_estimate.median if head_estimate else None,
        why=(*disturbed, *lacking),
        unit=metric.unit,
    )
    return CellEvidence(
        change=change,
        better=metric.better,
        felt=feels,
        disturbed=bool(disturbed),
        base=_cell_logs(base, anchor.base if anchor else None, metric),
        head=_cell_logs(head, anchor.head if anchor else None, metric),
    )


def _cell_logs(cell: CellResults, anchor: CellResults | None, metric: Metric) -> CellLogs:
    """The logarithms of a metric's figures; none where any is zero, which has no logarithm.

    With an anchor the cell's follow from its ratio to it in each round, which is drawn rotation by rotation where both
    have slices.
    """
    if anchor is None:
        return CellLogs(_logs([one for record in cell.records if (one := metric.of(record)) is not None]))
    paired = anchor_pairs(cell, anchor, metric)
    mine, its = _logs([one for one, _ in paired]), _logs([one for _, one in paired])
    return CellLogs(mine, its) if len(mine) == len(its) else CellLogs(())


def _logs(figures: Sequence[float]) -> tuple[float, ...]:
    return tuple(map(math.log, figures)) if all(figure > 0 for figure in figures) else ()


def _anchor(pair: CellPair, anchors: Sequence[CellPair]) -> CellPair | None:
    """The anchor of a cell: of its kind of load, and valid in both runs."""
    sound = [one for one in anchors if one.sides and all(side.valid for side in one.sides)]
    found = nearest(pair.either, [one.either for one in sound])
    return next((one for one in sound if one.either is found), None)


def _no_anchor(pair: CellPair, both: _Both) -> str:
    """Why a cell has none, and what follows."""
    invalid = [
        f"the anchor is invalid in {run.name} ({', '.join(cell.codes)})"
        for one in both.anchors
        if one.either.closed == pair.either.closed
        for cell, run in both.of(one)
        if not cell.valid
    ]
    kind = "closed" if pair.either.closed else "open"
    lacks = f"the runs have no cell of setup '{ANCHOR}' with a load that is {kind} in common"
    return f"{'; '.join(invalid) or lacks}: drift of the machine can make a change, and can hide one"


# --- what is wrong -------------------------------------------------------------------------------


def _faults(found: Sequence[CellPair], both: _Both) -> dict[CellPair, Change]:
    """The faults of the head alone, which are regressions although its figures are invalid."""
    compared = [(pair, *pair.sides) for pair in found if pair.sides]
    failing = failures.errors([(pair.name, base, head) for pair, base, head in compared])
    changes = {}
    for (pair, base, head), fault in zip(compared, failing, strict=True):
        doubts = _disturbances([("", pair)], both, _DOUBT_OF_FAULTS)
        if fault:
            chance = () if fault.proven else ("errors come in bursts: so few may be chance",)
            changes[pair] = _add_doubts(fault.change, (*chance, *doubts))
        elif behind := failures.lag(pair.name, base, head):
            changes[pair] = _add_doubts(behind, (*_slower_machine(pair, both), *doubts))
    return changes


def _add_doubts(change: Change, doubts: tuple[str, ...]) -> Change:
    return replace(change, verdict="inconclusive", why=(*change.why, *doubts)) if doubts else change


def _slower_machine(pair: CellPair, both: _Both) -> tuple[str, ...]:
    """A doubt unless an anchor shows that the machine was as fast for the head."""
    anchor = _anchor(pair, both.anchors) or next(iter(both.anchors), None)
    if anchor is None or anchor.sides is None:
        return (f"without a cell of setup '{ANCHOR}' in both runs, a slower machine may be the reason",)
    if not failures.keeps_up(*anchor.sides, both.threshold):
        return ("the anchor was slower in the new run, too: the machine may be the reason",)
    return ()


def _disturbances(
    about: Iterable[tuple[str, CellPair]], both: _Both, codes: Iterable[str] = NOT_QUIET
) -> tuple[str, ...]:
    """Why the machine was not the run's own while cells were measured; `about` is what each is called, and it."""
    return tuple(
        f"{what}in {run.name}: {texts[0]}"
        for what, pair in about
        for cell, run in both.of(pair)
        if (texts := _texts(cell, codes))
    )


def _doubts(pair: CellPair, both: _Both) -> tuple[str, ...]:
    invalid = chain.from_iterable(_invalid_because(cell, run) for cell, run in both.of(pair))
    return (*invalid, *_failures_of(pair, both.base), *_failures_of(pair, both.head))


def _texts(cell: CellResults, codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(caveat.text for caveat in cell.caveats if caveat.code in codes)


def _invalid_because(cell: CellResults, run: Results) -> Iterable[str]:
    if cell.valid:
        return ()
    texts = _texts(cell, INVALIDATING)
    return [f"invalid in {run.name}: {text}" for text in texts] or [f"invalid in {run.name}"]


def _failures_of(pair: CellPair, run: Results) -> Iterable[str]:
    """Why repeats of a cell may be missing in a run."""
    cell = pair.either
    return dict.fromkeys(
        f"failed in {run.name}: {failure.error.splitlines()[0]}"
        for failure in run.failures
        if failure.setup == cell.setup and failure.scenario in (None, cell.scenario) and failure.error
    )
