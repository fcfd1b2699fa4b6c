"""Two files of pytest-benchmark -> what changed, benchmark by benchmark.

Each side is one process at one moment, so nothing in the files says how far another process, or the next minute, would
lie off: only a gross change can be shown. The evidence is the middle half of the rounds, from the first quartile to the
third, as it was measured and through the anchor alike.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bench.gates.runs import conditions
from bench.gates.runs.outcome import Outcome, demand_common, found_from, lack
from bench.model.change import Change, Judgement, Verdict
from bench.results.anchor import ANCHOR, BENCHMARK
from bench.results.micro import Benchmark, Micro
from bench.stats.estimate import Estimate
from bench.stats.format import NO_EVIDENCE, NOTHING, three_digits, times
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
    head: Micro,
    threshold: float,
    despite: Iterable[str] = (),
    names: tuple[str, str] = ("base", "new"),
) -> Outcome:
    """Judge the medians: a change counts that is more than `threshold`, a share, and than one process may be off.

    Raises UsageError where the machines differ in what `despite` does not name, or nothing is in both.
    """
    borne = tuple(despite)
    told = conditions.check(conditions.of_machines(base.machine, head.machine), borne)
    both = _Both(_by_name(base), _by_name(head), names)
    demand_common(len(both.common) - len(both.anchors), *names)
    bears_gaps = conditions.bears(borne, conditions.MISSING)
    absent = _absent(both)
    changes = {name: _change(name, both, threshold) for name in both.all if name not in both.anchors}
    counted = [change for name, change in changes.items() if not (bears_gaps and name not in both.common)]
    notes = (*_readings(threshold, both), *told, *absent)
    title = f"{names[0]} against {names[1]}"
    return Outcome(
        Judgement(title, tuple(counted), notes),
        _side_by_side(title, both, changes, notes),
        () if bears_gaps else absent,
    )


@dataclass(frozen=True, slots=True)
class _Both:
    """The benchmarks of both files by name, and what the files are called."""

    base: Mapping[str, Benchmark]
    head: Mapping[str, Benchmark]
    names: tuple[str, str]

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.base, *self.head]))

    @property
    def common(self) -> tuple[str, ...]:
        return tuple(sorted(self.base.keys() & self.head.keys()))

    @property
    def anchors(self) -> tuple[str, ...]:
        return tuple(name for name in self.common if _is_anchor(name))

    @property
    def drift(self) -> float | None:
        """How many times as long the anchors take, in the median; None without any."""
        known = [name for name in self.anchors if self.base[name].median_s]
        ratios = [self.head[name].median_s / self.base[name].median_s for name in known]
        return statistics.median(ratios) if ratios and min(ratios) > 0 else None


def _is_anchor(name: str) -> bool:
    return name == BENCHMARK or name.startswith(f"{BENCHMARK}, ")


def _by_name(side: Micro) -> Mapping[str, Benchmark]:
    return {benchmark.name: benchmark for benchmark in side.benchmarks}


def _estimate(benchmark: Benchmark) -> Estimate:
    """The median in microseconds, between the quartiles."""
    return Estimate(1e6 * benchmark.median_s, 1e6 * benchmark.q1_s, 1e6 * benchmark.q3_s, benchmark.rounds)


def _change(name: str, both: _Both, threshold: float) -> Change:
    if name not in both.common:
        return lack(name, METRIC, both.names[0] if name not in both.base else both.names[1])
    base, head = _estimate(both.base[name]), _estimate(both.head[name])
    change = Change(
        name=name,
        metric=METRIC,
        verdict="inconclusive",
        base=base.median,
        head=head.median,
        unit=_UNIT,
        margin=threshold,
    )
    fewest, drift = min(base.n, head.n), both.drift
    if fewest < _FEWEST:
        return replace(change, why=(f"{fewest} rounds have no quartiles: {_FEWEST} have",))
    if base.low <= 0 or head.low <= 0:
        return replace(change, why=("there is no figure to divide by",))
    if drift is None:
        return replace(change, ratio=head.median / base.median, why=(_NO_ANCHOR,))
    return _judge(change, base, head, drift, threshold)


_NO_ANCHOR = (
    f"the files have no benchmark '{BENCHMARK}' in common, which no change of the app can touch: drift of the machine "
    "can make a change, and can hide one"
)


def _judge(change: Change, base: Estimate, head: Estimate, drift: float, threshold: float) -> Change:
    """By the extreme ratios of the middle halves, as measured and through the anchor, `UNKNOWN` times wider."""
    ratio = head.median / base.median / drift
    ends = (1.0, drift)
    low = min(head.low / base.high / end for end in ends) / UNKNOWN
    high = max(head.high / base.low / end for end in ends) * UNKNOWN
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


def _side_by_side(title: str, both: _Both, changes: Mapping[str, Change], notes: tuple[str, ...]) -> Table:
    columns = (
        label("benchmark"),
        Column("median", f"base, {_UNIT}"),
        Column("", f"new, {_UNIT}"),
        Column("", "ratio"),
        Column("found from"),
        label("verdict"),
    )
    sections: defaultdict[str, list[Row]] = defaultdict(list)
    for name in both.all:
        benchmark = both.base.get(name) or both.head[name]
        sections[benchmark.group or ""].append(_row(name, both, changes.get(name)))
    return Table(title, columns, tuple(row for rows in sections.values() for row in rows), notes)


def _row(name: str, both: _Both, change: Change | None) -> Row:
    sides = [both.base.get(name), both.head.get(name)]
    base, head = (_estimate(side) if side else None for side in sides)
    either = sides[0] or sides[1]
    entries = (
        name,
        *(NOTHING if side is None else three_digits(side.median) for side in (base, head)),
        _ratio_text(base, head),
        found_from([change] if change else []),
        "missing" if not all(sides) else change.verdict or "" if change else ANCHOR,
    )
    return Row(entries, (either.group if either else None) or "")


def _ratio_text(base: Estimate | None, head: Estimate | None) -> str:
    """The ratio of the medians; `~` where the middle halves overlap, or where too few rounds have no quartiles.

    The rule of difference (`stats.comparison`) counts rounds of fresh processes: such a file holds a single one.
    """
    if base is None or head is None or base.low <= 0:
        return NOTHING
    overlap = base.low <= head.high and head.low <= base.high
    few = min(base.n, head.n) < _FEWEST
    return NO_EVIDENCE if few or overlap else times(head.median / base.median)


def _readings(threshold: float, both: _Both) -> Iterable[str]:
    yield (
        f"Regressed or improved: a change of more than {100 * threshold:g} % that is left when the middle halves of "
        f"the rounds lie {UNKNOWN:g} times further apart than they do, as measured and through the anchor: each side "
        "is one process at one moment. Else inconclusive: `bench exact` shows smaller changes."
    )
    yield "Ratios stand as they were measured; ~ means no evidence: the middle halves of the rounds overlap."
    if both.drift is not None:
        yield (
            f"Anchor, {'; '.join(both.anchors)}: {times(both.drift)}: the machine itself differed by this factor."
        )


def _absent(both: _Both) -> tuple[str, ...]:
    base_alone = [name for name in both.base if name not in both.head]
    head_alone = [name for name in both.head if name not in both.base]
    sides = zip(both.names, (base_alone, head_alone), strict=True)
    return tuple(f"Only in {side}: {'; '.join(some)}." for side, some in sides if some)
