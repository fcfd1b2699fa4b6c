"""Two files of pytest-benchmark -> what changed, benchmark by benchmark.

Each side is one process at one moment, so nothing in the files says how far another process, or the next minute, would
lie off: only a gross change can be shown. The evidence is the middle half of the rounds, from the first quartile to the
third, as it was measured and through the anchor alike.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bench.gates.runs import conditions
from bench.gates.runs.outcome import Outcome, demand_common, found_from, lack
from bench.model.change import Change, Judgement, Verdict
from bench.results.anchor import ANCHOR, BENCHMARK
from bench.results.micro import Benchmark, Micro
from bench.stats.estimate import NO_EVIDENCE, Estimate, times
from bench.stats.estimate import compare as compare_estimates
from bench.stats.metrics import NOTHING, three_digits
from bench.stats.table import Column, Row, Table, label

METRIC = "p50"
_UNIT = "µs"
_FEWEST = 5
"""Rounds that quartiles need; pytest-benchmark makes as many at least, unless it is told otherwise."""

UNKNOWN = 2.0
"""How many times as long the same code may take in another process at another moment.

A shared machine is a quarter slower for half a minute: that once for the benchmark and once, the other way, for the
anchor are 1.78 times; processes differ by 1 to 4 %. The tests simulate it.
"""


def compare(
    base: Micro,
    new: Micro,
    threshold: float,
    despite: Iterable[str] = (),
    names: tuple[str, str] = ("base", "new"),
) -> Outcome:
    """Judge the medians: a change counts that is more than `threshold`, a share, and than one process may be off.

    Raises UsageError where the machines differ in what `despite` does not name, or nothing is in both.
    """
    borne = tuple(despite)
    told = conditions.check(conditions.of_machines(base.machine, new.machine), borne)
    old, young = (_by_name(side) for side in (base, new))
    both = old.keys() & young.keys()
    anchors = sorted(name for name in both if _is_anchor(name))
    demand_common(len(both) - len(anchors), *names)
    drift = _drift(old, young, anchors)
    bears_gaps = conditions.bears(borne, conditions.MISSING)
    absent = _absent(old, young, names)
    changes = {
        name: _change(name, old, young, drift, threshold, names)
        for name in dict.fromkeys([*old, *young])
        if name not in anchors
    }
    counted = [change for name, change in changes.items() if not (bears_gaps and name not in both)]
    notes = (*_readings(threshold, anchors, drift), *told, *absent)
    title = f"{names[0]} against {names[1]}"
    return Outcome(
        Judgement(title, tuple(counted), notes),
        _side_by_side(title, old, young, changes, notes),
        () if bears_gaps else absent,
    )


def _is_anchor(name: str) -> bool:
    return name == BENCHMARK or name.startswith(f"{BENCHMARK}, ")


def _drift(
    old: Mapping[str, Benchmark], young: Mapping[str, Benchmark], anchors: Iterable[str]
) -> float | None:
    """How many times as long the anchors take, in the median; None without any."""
    ratios = [young[name].median_s / old[name].median_s for name in anchors if old[name].median_s]
    return statistics.median(ratios) if ratios and min(ratios) > 0 else None


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
    drift: float | None,
    threshold: float,
    names: tuple[str, str],
) -> Change:
    if name not in old or name not in young:
        return lack(name, METRIC, names[0] if name not in old else names[1])
    base, new = _estimate(old[name]), _estimate(young[name])
    assert base is not None
    assert new is not None
    change = Change(
        name, METRIC, "inconclusive", base=base.median, head=new.median, unit=_UNIT, margin=threshold
    )
    fewest = min(old[name].rounds, young[name].rounds)
    if fewest < _FEWEST:
        return replace(change, why=(f"{fewest} rounds have no quartiles: {_FEWEST} have",))
    if base.low <= 0 or new.low <= 0:
        return replace(change, why=("there is no figure to divide by",))
    if drift is None:
        return replace(change, ratio=new.median / base.median, why=(_NO_ANCHOR,))
    return _judged(change, base, new, drift, threshold)


_NO_ANCHOR = (
    f"the files have no benchmark '{BENCHMARK}' in common, which no change of the app can touch: drift of the machine "
    "can make a change, and can hide one"
)


def _judged(change: Change, base: Estimate, new: Estimate, drift: float, threshold: float) -> Change:
    """By the extreme ratios of the middle halves, as measured and through the anchor, `UNKNOWN` times wider."""
    ratio = new.median / base.median / drift
    ends = (1.0, drift)
    low = min(new.low / base.high / end for end in ends) / UNKNOWN
    high = max(new.high / base.low / end for end in ends) * UNKNOWN
    verdict: Verdict = "inconclusive"
    if low > 1 and ratio > 1 + threshold:
        verdict = "regressed"
    elif high < 1 and ratio < 1 - threshold:
        verdict = "improved"
    told = replace(
        change, verdict=verdict, ratio=ratio, low=low, high=high, mde=max(threshold, ratio / low - 1)
    )
    if verdict == "inconclusive":
        return replace(told, why=(f"one process a side shows changes of more than {UNKNOWN:g} times only",))
    return replace(told, why=(f"{times(ratio)} through the anchor, between {times(low)} and {times(high)}",))


def _side_by_side(
    title: str,
    old: Mapping[str, Benchmark],
    young: Mapping[str, Benchmark],
    changes: Mapping[str, Change],
    notes: tuple[str, ...],
) -> Table:
    columns = (
        label("benchmark"),
        Column("median", f"base, {_UNIT}"),
        Column("", f"new, {_UNIT}"),
        Column("", "ratio"),
        Column("found from"),
        label("verdict"),
    )
    sections: defaultdict[str, list[Row]] = defaultdict(list)
    for name in dict.fromkeys([*old, *young]):
        benchmark = old.get(name) or young[name]
        sections[benchmark.group or ""].append(_row(name, old.get(name), young.get(name), changes.get(name)))
    return Table(title, columns, tuple(row for rows in sections.values() for row in rows), notes)


def _row(name: str, old: Benchmark | None, young: Benchmark | None, change: Change | None) -> Row:
    base, new = _estimate(old), _estimate(young)
    found = compare_estimates(base, new)
    either = old or young
    entries = (
        name,
        *(NOTHING if side is None else three_digits(side.median) for side in (base, new)),
        NOTHING if found is None else times(found.ratio) if found.shown else NO_EVIDENCE,
        found_from([change] if change else []),
        "missing" if not (old and young) else change.verdict or "" if change else ANCHOR,
    )
    return Row(entries, (either.group if either else None) or "")


def _readings(threshold: float, anchors: Iterable[str], drift: float | None) -> Iterable[str]:
    yield (
        f"Regressed or improved: a change of more than {100 * threshold:g} % that is left when the middle halves of "
        f"the rounds lie {UNKNOWN:g} times further apart than they do, as measured and through the anchor: each side "
        "is one process at one moment. Else inconclusive: `bench exact` shows smaller changes."
    )
    yield "Ratios stand as they were measured; ~ means no evidence: the middle halves of the rounds overlap."
    if drift is not None:
        yield f"Anchor, {'; '.join(anchors)}: {times(drift)}: the machine itself differed by this factor."


def _absent(
    old: Mapping[str, Benchmark], young: Mapping[str, Benchmark], names: tuple[str, str]
) -> tuple[str, ...]:
    alone = ([name for name in old if name not in young], [name for name in young if name not in old])
    return tuple(
        f"Only in {side}: {'; '.join(some)}." for side, some in zip(names, alone, strict=True) if some
    )
