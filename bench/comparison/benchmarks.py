"""Two files of pytest-benchmark -> what changed, benchmark by benchmark.

The evidence is the middle half of the rounds, from the first quartile to the third, and not the error of the median:
the rounds of one process share its luck, so that error shrinks below what the next process differs by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bench.comparison import conditions
from bench.comparison.evidence import judged
from bench.comparison.outcome import Outcome, demand_common, found_from, lack
from bench.metric import NOTHING, three_digits
from bench.micro import Benchmark, Micro
from bench.stats import NO_EVIDENCE, Estimate, times
from bench.stats import compare as compare_estimates
from bench.table import Column, Row, Table, label
from bench.verdict import Change, Judgement

METRIC = "p50"
_UNIT = "µs"
_FEWEST = 5
"""Rounds that quartiles need; pytest-benchmark makes as many at least, unless it is told otherwise."""


def compare(
    base: Micro,
    new: Micro,
    threshold: float,
    despite: Iterable[str] = (),
    names: tuple[str, str] = ("base", "new"),
) -> Outcome:
    """Judge the medians: a change counts that is more than `threshold`, a share, and moves the middle halves apart.

    Raises UsageError where the machines differ in what `despite` does not name, or nothing is in both.
    """
    borne = tuple(despite)
    told = conditions.check(conditions.of_machines(base.machine, new.machine), borne)
    old, young = (_by_name(side) for side in (base, new))
    demand_common(len(old.keys() & young.keys()), *names)
    bears_gaps = conditions.bears(borne, conditions.MISSING)
    absent = _absent(old, young, names)
    changes = {name: _change(name, old, young, threshold, names) for name in dict.fromkeys([*old, *young])}
    counted = [
        change for name, change in changes.items() if not (bears_gaps and not (name in old and name in young))
    ]
    notes = (*_readings(threshold), *told, *absent)
    title = f"{names[0]} against {names[1]}"
    return Outcome(
        Judgement(title, tuple(counted), notes),
        _side_by_side(title, old, young, changes, notes),
        () if bears_gaps else absent,
    )


def _by_name(side: Micro) -> Mapping[str, Benchmark]:
    return {benchmark.name: benchmark for benchmark in side.benchmarks}


def _estimate(benchmark: Benchmark | None) -> Estimate | None:
    """The median in microseconds, between the quartiles."""
    if benchmark is None:
        return None
    return Estimate(1e6 * benchmark.median_s, 1e6 * benchmark.q1_s, 1e6 * benchmark.q3_s, benchmark.rounds)


def _change(
    name: str,
    old: Mapping[str, Benchmark],
    young: Mapping[str, Benchmark],
    threshold: float,
    names: tuple[str, str],
) -> Change:
    if name not in old or name not in young:
        return lack(name, METRIC, names[0] if name not in old else names[1])
    base, new = _estimate(old[name]), _estimate(young[name])
    change = judged(Change(name, METRIC, None, unit=_UNIT), base, new, "lower", threshold)
    fewest = min(old[name].rounds, young[name].rounds)
    if fewest >= _FEWEST:
        return change
    return replace(
        change, verdict="inconclusive", mde=None, why=(f"{fewest} rounds have no quartiles: {_FEWEST} have",)
    )


def _side_by_side(
    title: str,
    old: Mapping[str, Benchmark],
    young: Mapping[str, Benchmark],
    changes: Mapping[str, Change],
    notes: tuple[str, ...],
) -> Table:
    columns = (
        label("benchmark"), Column("median", f"base, {_UNIT}"), Column("", f"new, {_UNIT}"), Column("", "ratio"),
        Column("found from"), label("verdict"),
    )  # fmt: skip
    sections: defaultdict[str, list[Row]] = defaultdict(list)
    for name, change in changes.items():
        benchmark = old.get(name) or young[name]
        sections[benchmark.group or ""].append(_row(name, old.get(name), young.get(name), change))
    return Table(title, columns, tuple(row for rows in sections.values() for row in rows), notes)


def _row(name: str, old: Benchmark | None, young: Benchmark | None, change: Change) -> Row:
    base, new = _estimate(old), _estimate(young)
    found = compare_estimates(base, new)
    either = old or young
    entries = (
        name,
        *(NOTHING if side is None else three_digits(side.median) for side in (base, new)),
        NOTHING if found is None else times(found.ratio) if found.shown else NO_EVIDENCE,
        found_from([change]),
        change.verdict or "" if old and young else "missing",
    )
    return Row(entries, (either.group if either else None) or "")


def _readings(threshold: float) -> Iterable[str]:
    yield (
        "Regressed or improved: the middle halves of the rounds lie apart, and the medians differ by more than "
        f"{100 * threshold:g} %. No change: all of the one half lies that close to all of the other. Else inconclusive."
    )
    yield "~ means no evidence: the middle halves of the rounds overlap."
    yield (
        "Each side is one process, and two processes of the same code differ by 1 to 4 %: a difference of that size is "
        "luck as likely as not."
    )


def _absent(
    old: Mapping[str, Benchmark], young: Mapping[str, Benchmark], names: tuple[str, str]
) -> tuple[str, ...]:
    alone = ([name for name in old if name not in young], [name for name in young if name not in old])
    return tuple(
        f"Only in {side}: {'; '.join(some)}." for side, some in zip(names, alone, strict=True) if some
    )
