"""Two runs -> what changed, cell by cell.

The evidence is the range of the repeats, each a fresh server. The two runs were made at different times, and on most
machines the hour matters more than a small change: this finds gross ones, and proves the rest only where it is quiet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from bench.audit import INVALIDATING
from bench.compare import TILDE, chance_note, ranked_by
from bench.comparison import conditions
from bench.comparison.evidence import judged
from bench.comparison.outcome import Outcome, demand_common, found_from, lack
from bench.metric import CPU, NOTHING, P99, THROUGHPUT, Metric
from bench.model import Run
from bench.repeats import Repeats, gather
from bench.table import Column, Row, Table, label
from bench.verdict import Change, Judgement, gravest

_SHOWN = (THROUGHPUT, P99, CPU)
_LAGS_BEHIND = frozenset({"rate-not-reached", "shed"})


@dataclass(frozen=True, slots=True)
class Pair:
    """One cell in both runs; a run may lack it, never both."""

    base: Repeats | None
    new: Repeats | None

    @property
    def either(self) -> Repeats:
        """The base's cell where it has one."""
        found = self.base or self.new
        assert found is not None
        return found

    @property
    def name(self) -> str:
        """`uvicorn / noop-async / native / 32 users`, and both loads where they differ."""
        cell = self.either
        loads = dict.fromkeys(part.load_label for part in (self.base, self.new) if part)
        return f"{cell.setup} / {cell.scenario} / {cell.engine} / {' against '.join(loads)}"


def compare(
    base: Run, new: Run, threshold: float, metrics: Sequence[Metric] = (), despite: Iterable[str] = ()
) -> Outcome:
    """Judge a run by another one: a change of each cell's metrics that is more than `threshold`, a share, counts.

    Without metrics a closed load is judged by its throughput, an open one by p99, both by the CPU time of a request.
    Raises UsageError where the runs differ in a condition that `despite` does not name, or have no cell in common.
    """
    borne = tuple(despite)
    found = pairs(base, new)
    notes = conditions.check(
        [
            *conditions.of_runs(base, new, dict.fromkeys(pair.either.setup for pair in found)),
            *(one for pair in found for one in _loads(pair)),
        ],
        borne,
    )
    demand_common(sum(pair.base is not None and pair.new is not None for pair in found), base.name, new.name)
    changes = [_changes(pair, base, new, metrics, threshold) for pair in found]
    absent = _absent(found, base, new)
    bears_gaps = conditions.bears(borne, conditions.MISSING)
    counted = [some for pair, some in zip(found, changes, strict=True) if not (bears_gaps and _alone(pair))]
    notes = (*_readings(found, chain.from_iterable(changes), threshold), *notes, *absent)
    title = f"{base.name} against {new.name}"
    return Outcome(
        Judgement(title, tuple(chain.from_iterable(counted)), notes),
        _side_by_side(title, zip(found, changes, strict=True), metrics or _SHOWN, notes),
        () if bears_gaps else absent,
    )


# --- which cells belong together -----------------------------------------------------------------


def pairs(base: Run, new: Run) -> tuple[Pair, ...]:
    """The cells of both runs, side by side.

    Cells that differ in how long they were measured alone belong together; then those of a setup, scenario and engine
    that is left with one load on either side.
    """
    cells = gather(base.records + new.records)
    found = [Pair(_part(cell, base), _part(cell, new)) for cell in cells]
    for key in (_but_for_time, _but_for_load):
        lone: defaultdict[Hashable, list[Pair]] = defaultdict(list)
        for pair in filter(_alone, found):
            lone[key(pair.either)].append(pair)
        for some in lone.values():
            (old, young) = ([pair for pair in some if getattr(pair, side)] for side in ("base", "new"))
            if len(old) == len(young) == 1:
                found[found.index(old[0])] = Pair(old[0].base, young[0].new)
                found.remove(young[0])
    return tuple(found)


def _but_for_load(cell: Repeats) -> Hashable:
    return (cell.setup, cell.scenario, cell.engine)


def _but_for_time(cell: Repeats) -> Hashable:
    return (_but_for_load(cell), replace(cell.load, duration_s=0.0, warmup_s=0.0))


def _part(cell: Repeats, run: Run) -> Repeats | None:
    """The repeats that belong to one of the two runs."""
    mine = gather(record for record in run.records if record.cell.key == cell.key)
    return replace(mine[0], load_label=cell.load_label) if mine else None


def _alone(pair: Pair) -> bool:
    return pair.base is None or pair.new is None


def _loads(pair: Pair) -> Iterable[conditions.Difference]:
    return conditions.of_loads(pair.base.load, pair.new.load) if pair.base and pair.new else ()


# --- what changed --------------------------------------------------------------------------------


def _changes(
    pair: Pair, base: Run, new: Run, metrics: Sequence[Metric], threshold: float
) -> tuple[Change, ...]:
    wanted = metrics or (ranked_by(pair.either), CPU)
    if pair.base is None or pair.new is None:
        run = base if pair.base is None else new
        return (lack(pair.name, _name(wanted[0]), run.name, _failed(pair, run)),)
    if fault := _fault(pair.name, pair.base, pair.new):
        return (fault,)
    doubts = (
        *_invalid(pair.base, base), *_invalid(pair.new, new), *_failed(pair, base), *_failed(pair, new),
    )  # fmt: skip
    if doubts:
        return (Change(pair.name, _name(wanted[0]), "inconclusive", why=doubts),)
    return tuple(
        judged(
            Change(pair.name, _name(metric), None, unit=metric.unit),
            pair.base.estimate(metric),
            pair.new.estimate(metric),
            metric.better,
            threshold,
        )
        for metric in wanted
    )


def _name(metric: Metric) -> str:
    return metric.name.lower()


def _fault(name: str, base: Repeats, new: Repeats) -> Change | None:
    """What only the new version does wrong under the same load is a regression, though its figures are invalid."""
    if "errors" in new.codes and "errors" not in base.codes:
        errors = float(sum(record.summary.errors for record in new.records))
        return Change(name, "errors", "regressed", 0.0, errors, why=_texts(new, {"errors"}))
    always = all(_LAGS_BEHIND & {caveat.code for caveat in record.caveats} for record in new.records)
    if always and len(new.records) > 1 and not _LAGS_BEHIND & set(base.codes):
        old, young = base.estimate(THROUGHPUT), new.estimate(THROUGHPUT)
        return Change(
            name, "throughput", "regressed", old.median if old else None, young.median if young else None,
            why=_texts(new, _LAGS_BEHIND), unit=THROUGHPUT.unit,
        )  # fmt: skip
    return None


def _texts(cell: Repeats, codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(caveat.text for caveat in cell.caveats if caveat.code in codes)


def _invalid(cell: Repeats, run: Run) -> Iterable[str]:
    if not cell.valid:
        return [f"invalid in {run.name}: {text}" for text in _texts(cell, INVALIDATING)] or [
            f"invalid in {run.name}"
        ]
    return ()


def _failed(pair: Pair, run: Run) -> Iterable[str]:
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
    entries += [found_from(changes), "missing" if _alone(pair) else verdict or ""]
    caveats = {caveat: None for part in parts for caveat in part.caveats}
    loads = " against ".join(dict.fromkeys(part.load_label for part in parts))
    return Row(
        tuple(entries), f"{cell.engine}, {loads}", tuple(caveats), not all(part.valid for part in parts)
    )


def _readings(found: Iterable[Pair], changes: Iterable[Change], threshold: float) -> Iterable[str]:
    sizes = [(len(pair.base.records), len(pair.new.records)) for pair in found if pair.base and pair.new]
    made = sum(change.ratio is not None for change in changes)
    yield (
        f"Regressed or improved: the repeats lie apart, and their medians differ by more than {100 * threshold:g} %. "
        "No change: each repeat of the one lies that close to each of the other. Else inconclusive; found from says "
        "how large a change would have shown, and more repeats may tell."
    )
    yield TILDE
    yield chance_note(*min(sizes, key=lambda size: size[0] * size[1]), made)
    yield (
        "The two runs were measured at different times: a machine that drifted in between shows here as a "
        "difference too."
    )


def _absent(found: Iterable[Pair], base: Run, new: Run) -> tuple[str, ...]:
    """A sentence for each run that lacks cells of the other."""
    gone = [pair.name for pair in found if pair.new is None]
    fresh = [pair.name for pair in found if pair.base is None]
    return tuple(
        f"Only in {run.name}: {'; '.join(names)}." for run, names in ((base, gone), (new, fresh)) if names
    )
