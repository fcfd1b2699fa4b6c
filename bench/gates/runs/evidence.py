"""Repeats of cells in two runs -> verdicts that a drift of the machine between the runs neither makes nor hides.

A machine is faster one day and slower the next. The anchor feels all of it; a cell that computes feels about as much,
one that waits nothing, an overloaded one more. So each change is looked at from both ends: as if the cell felt the
least, and as if it felt the most of what the anchor felt. Over the shares in between the estimate is a straight line
and its variance a parabola, so what both ends show holds for all of them.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from bench.model.change import Change, Verdict
from bench.stats.comparison import Better
from bench.stats.format import times
from bench.stats.multiple_comparisons import holm
from bench.stats.student_t import critical_t, two_sided_p
from bench.stats.variances import prior_degrees

ALPHA = 0.02
"""How often a run of equal code may be called worse: one-sided, over all cells and metrics together (Holm)."""

_OUTSIDE = 0.05
"""How often an interval does not hold the truth; there is no change where all of it lies within the threshold."""

_PRIOR_AT_MOST = 3
_REPEATS_AT_MOST = 100
_NORMAL = NormalDist()

NOTHING_FELT = (0.0, 0.0)
_CPU, _CLOSED, _OPEN = (0.8, 1.2), (0.0, 1.0), (0.0, 2.0)


def sensitivity(metric: str, closed: bool) -> tuple[float, float]:
    """The least and the most that a metric feels of what the anchor feels of the machine's speed.

    CPU time follows the speed, but caches are not the same; memory does not feel it. Throughput and latency of a closed
    load follow it where a cell computes, and not where it waits. At a fixed rate a queue multiplies it, by 1 / (1 - u)
    at a utilisation u (M/M/1): twice for a server that is half busy.
    """
    return {"cpu": _CPU, "memory": NOTHING_FELT}.get(metric, _CLOSED if closed else _OPEN)


@dataclass(frozen=True, slots=True)
class CellLogs:
    """Logarithms of a cell's figures in one run, one a repeat, and of the anchor's in the same repeats."""

    cell: tuple[float, ...]
    anchor: tuple[float, ...] = ()

    def less(self, share: float) -> tuple[float, ...]:
        """The figures without a share of what the anchor felt."""
        if not share:
            return self.cell
        return tuple(mine - share * its for mine, its in zip(self.cell, self.anchor, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEvidence:
    """A metric of a cell in both runs: a change that has its names and figures only, and the repeats that tell of it.

    `felt` are the least and the most that the metric feels of the speed; where it is not nothing, both sides have the
    anchor's figures, or nothing can be concluded; nor can it where something `disturbed` the machine.
    """

    change: Change
    better: Better
    felt: tuple[float, float]
    base: CellLogs
    head: CellLogs
    disturbed: bool = False

    @property
    def repeats(self) -> tuple[int, int]:
        return (len(self.base.cell), len(self.head.cell))

    @property
    def anchored(self) -> bool:
        return self.felt == NOTHING_FELT or bool(self.base.anchor and self.head.anchor)

    @property
    def able(self) -> bool:
        """Whether it can conclude anything."""
        return self.anchored and not self.disturbed and min(self.repeats) > 1


@dataclass(frozen=True, slots=True)
class _View:
    """By how much a metric became worse (a logarithm), were a given share felt, and the standard error of that."""

    worse: float
    error: float
    freedom: int

    def p(self, way: int) -> float:
        """One-sided p of "not worse" (way 1), or of "not better" (way -1)."""
        if way * self.worse <= 0:
            return 1.0
        return two_sided_p(abs(self.worse) / self.error, self.freedom) / 2 if self.error else 0.0

    def reach(self, beyond: float) -> float:
        """How far from the truth the estimate lies in all but this share of cases."""
        return critical_t(beyond, self.freedom) * self.error


def judge(found: Sequence[CellEvidence], threshold: float) -> tuple[Change, ...]:
    """The changes with their ratios, intervals and verdicts.

    A change counts where it is significant from both ends, with Holm's adjustment for all that is judged, and larger
    than `threshold`, a share, from both; there is none where the intervals of both ends lie within it.
    """
    able = [place for place, one in enumerate(found) if one.able]
    views = _views([found[place] for place in able])
    adjusted = [holm([max(view.p(way) for view in mine[:2]) for mine in views]) for way in (1, -1)]
    changes = [_open(one, threshold) for one in found]
    for at, place in enumerate(able):
        changes[place] = _judge_one(
            found[place],
            views[at],
            p_worse=adjusted[0][at],
            p_better=adjusted[1][at],
            threshold=threshold,
            tests=len(able),
        )
    return tuple(changes)


def _open(one: CellEvidence, threshold: float) -> Change:
    """What can be said without a verdict."""
    blank = replace(one.change, verdict="inconclusive", margin=threshold)
    if not min(one.repeats):
        return replace(
            blank, why=(*blank.why, "there is no repeat with a figure of both the cell and the anchor")
        )
    ratio = math.exp(statistics.fmean(one.head.cell) - statistics.fmean(one.base.cell))
    why = blank.why
    if min(one.repeats) < 2:
        why = (*why, f"{min(one.repeats)} repeat has no spread, so it shows nothing: 5 are a beginning")
    return replace(blank, ratio=ratio, why=why)


# --- views ---------------------------------------------------------------------------------------


def _views(found: Sequence[CellEvidence]) -> list[tuple[_View, ...]]:
    """Of each: as if the least were felt, as if the most, and as a ratio to the anchor says it."""
    views: list[tuple[_View, ...]] = [()] * len(found)
    for metric in dict.fromkeys(one.change.metric for one in found):
        mine = [place for place, one in enumerate(found) if one.change.metric == metric]
        shares = [(*found[place].felt, min(1.0, found[place].felt[1])) for place in mine]
        for which in range(3):
            seen = _views_at([found[place] for place in mine], [share[which] for share in shares])
            for place, view in zip(mine, seen, strict=True):
                views[place] = (*views[place], view)
    return views


def _views_at(found: Sequence[CellEvidence], shares: Sequence[float]) -> list[_View]:
    """A view of each, with variances that borrow strength from each other."""
    logs = [(one.base.less(share), one.head.less(share)) for one, share in zip(found, shares, strict=True)]
    degrees = [len(base) + len(head) - 2 for base, head in logs]
    variances = [
        (_squares(base) + _squares(head)) / degree for (base, head), degree in zip(logs, degrees, strict=True)
    ]
    # All cells share the anchor's noise, which is half of theirs: never worth more than about four times one's own.
    prior = prior_degrees(variances, max(degrees), _PRIOR_AT_MOST * max(degrees))
    middle = statistics.fmean(variances)
    views = []
    for one, (base, head), degree, variance in zip(found, logs, degrees, variances, strict=True):
        sign = 1 if one.better == "lower" else -1
        shrunk = (prior * middle + degree * variance) / (prior + degree)
        error = math.sqrt(shrunk * (1 / len(base) + 1 / len(head)))
        views.append(_View(sign * (statistics.fmean(head) - statistics.fmean(base)), error, prior + degree))
    return views


def _squares(logs: Sequence[float]) -> float:
    middle = statistics.fmean(logs)
    return sum((log - middle) ** 2 for log in logs)


# --- verdicts ------------------------------------------------------------------------------------


def _judge_one(
    one: CellEvidence,
    views: tuple[_View, ...],
    *,
    p_worse: float,
    p_better: float,
    threshold: float,
    tests: int,
) -> Change:
    *ends, middle = views
    edges = [view.worse + side * view.reach(_OUTSIDE) for view in ends for side in (-1, 1)]
    ratio, low, high = (_ratio(one, worse) for worse in (middle.worse, *_order(one, edges)))
    verdict = _verdict(one, ends, (low, high), threshold, p_worse=p_worse, p_better=p_better)
    told = replace(one.change, verdict=verdict, ratio=ratio, low=low, high=high, margin=threshold)
    return replace(
        told,
        mde=_smallest(one, ends, middle, threshold, tests),
        why=(*told.why, *_why(one, told, ends, threshold, tests)),
    )


def _order(one: CellEvidence, edges: Sequence[float]) -> tuple[float, float]:
    return (min(edges), max(edges)) if one.better == "lower" else (max(edges), min(edges))


def _ratio(one: CellEvidence, worse: float) -> float:
    return math.exp(worse if one.better == "lower" else -worse)


def _limits(one: CellEvidence, threshold: float) -> tuple[float, float]:
    """The logarithms of what counts: how much worse, how much better."""
    more, less = math.log1p(threshold), -math.log1p(-threshold)
    return (more, less) if one.better == "lower" else (less, more)


def _verdict(
    one: CellEvidence,
    ends: Sequence[_View],
    interval: tuple[float, float],
    threshold: float,
    *,
    p_worse: float,
    p_better: float,
) -> Verdict:
    worse, better = _limits(one, threshold)
    if p_worse <= ALPHA and min(view.worse for view in ends) > worse:
        return "regressed"
    if p_better <= ALPHA and max(view.worse for view in ends) < -better:
        return "improved"
    return "no change" if 1 - threshold <= interval[0] and interval[1] <= 1 + threshold else "inconclusive"


def _smallest(one: CellEvidence, ends: Sequence[_View], middle: _View, threshold: float, tests: int) -> float:
    """The smallest worsening that these repeats would show, from where the ratio is 1, as a share."""
    worse, _ = _limits(one, threshold)
    needed = max(max(view.reach(2 * ALPHA / tests), worse) - (view.worse - middle.worse) for view in ends)
    return math.expm1(needed) if one.better == "lower" else -math.expm1(-needed)


def _why(
    one: CellEvidence, told: Change, ends: Sequence[_View], threshold: float, tests: int
) -> tuple[str, ...]:
    assert told.ratio is not None
    assert told.low is not None
    assert told.high is not None
    if told.verdict in ("regressed", "improved"):
        through = "through the anchor" if one.felt[1] else "as measured"
        return (f"{times(told.ratio)} {through}, between {times(told.low)} and {times(told.high)}",)
    if told.verdict == "no change":
        return ()
    needed = _repeats_needed(one, ends, threshold, tests)
    if needed is None:
        return (
            f"not even {_REPEATS_AT_MOST} repeats would decide it: `bench ab` measures both versions side by side",
        )
    return (
        f"about {needed} repeats in each run would decide it, not {min(one.repeats)}, if they spread alike",
    )


def _repeats_needed(one: CellEvidence, ends: Sequence[_View], threshold: float, tests: int) -> int | None:
    """How many repeats a run would need, by the normal approximation, if all estimates stayed where they are."""
    worse, better = _limits(one, threshold)
    changed = _NORMAL.inv_cdf(1 - ALPHA / tests)
    same = _NORMAL.inv_cdf(1 - _OUTSIDE / 2)
    if min(view.worse for view in ends) > worse or max(view.worse for view in ends) < -better:
        rooms = [(changed, abs(view.worse)) for view in ends]
    else:
        rooms = [(same, min(worse - view.worse, better + view.worse)) for view in ends]
    if min(room for _, room in rooms) <= 0:
        return None
    base, head = one.repeats
    each = 1 / base + 1 / head
    needed = max(2 * (z * view.error / room) ** 2 / each for (z, room), view in zip(rooms, ends, strict=True))
    count = max(min(one.repeats) + 1, math.ceil(needed) + 1)
    return count if count <= _REPEATS_AT_MOST else None
