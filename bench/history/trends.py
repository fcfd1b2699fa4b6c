"""Entries -> trends: how each figure moved from commit to commit, where its level changed, and how the last one stands.

Figures of different machines, or against different anchors, are not comparable: a machine has a line of its own, an
anchor a trend of its own.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bench.history.entry import Entry, Machine, SeriesFigure
from bench.model.change import HIGHER_IS_WORSE
from bench.model.commit import Commit
from bench.stats.change_points import change_points
from bench.stats.comparison import CONFIDENCE
from bench.stats.student_t import critical_t

FORMER = 10


@dataclass(frozen=True, slots=True)
class Point:
    """A commit's figure, and the codes of its doubts; `place` counts the commits of the trend from 0."""

    place: int
    entry: Entry
    figure: SeriesFigure
    caveats: tuple[str, ...] = ()

    @property
    def commit(self) -> Commit:
        return self.entry.commit


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The start of a new level, `ratio` times as high as the one before; `packages` changed with it."""

    point: Point
    ratio: float
    worse: bool
    packages: tuple[str, ...] = ()

    @property
    def commit(self) -> Commit:
        return self.point.commit


@dataclass(frozen=True, slots=True)
class Latest:
    """The last figure over the mean of up to ten before it, with the 95 % interval of that ratio.

    The unit is a commit: a figure of the same level lies within Student's prediction interval of those before it (from
    two of them on). An exact count has no noise of its own: its interval is what the counting gate would not find.
    """

    ratio: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether it differs from those before it."""
        return self.low > 1 or self.high < 1


@dataclass(frozen=True, slots=True)
class MachineLine:
    """One machine's figures of a trend, oldest first, at least one; `levels` are the means between the changes."""

    machine: Machine
    points: tuple[Point, ...]
    changes: tuple[ChangePoint, ...]
    levels: tuple[tuple[int, int, float], ...]
    """(first place, last place, mean)"""

    @property
    def latest(self) -> Latest | None:
        """None where there is nothing before it."""
        former, last = [point.figure for point in self.points[-FORMER - 1 : -1]], self.points[-1]
        if not former or min(one.value for one in (*former, last.figure)) <= 0:
            return None
        logs = [math.log(one.value) for one in former]
        middle = math.log(last.figure.value) - statistics.fmean(logs)
        counted = last.entry.anchor is None
        reach = _blind(former, last.figure) if counted else _prediction(logs)
        return Latest(math.exp(middle), math.exp(middle - reach), math.exp(middle + reach))


def _prediction(logs: Sequence[float]) -> float:
    """How far one more figure lies from the mean of these in 95 % of cases: t s sqrt(1 + 1 / n)."""
    count = len(logs)
    if count < 2:
        return math.inf
    return critical_t(1 - CONFIDENCE, count - 1) * statistics.stdev(logs) * math.sqrt(1 + 1 / count)


def _blind(former: Sequence[SeriesFigure], last: SeriesFigure) -> float:
    """The logarithm of what is not found between two counts, from their own ranges."""
    return max(math.log(one.high / one.value) for one in former) + math.log(last.high / last.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One metric of one measured thing against one anchor, or none: a line a machine."""

    name: str
    metric: str
    anchor: str | None
    commits: tuple[Commit, ...]
    lines: tuple[MachineLine, ...]

    @property
    def higher_is_worse(self) -> bool:
        return HIGHER_IS_WORSE.get(self.metric, True)

    @property
    def title(self) -> str:
        return f"{self.name}: {self.metric}"


def trends(entries: Sequence[Entry]) -> tuple[Trend, ...]:
    """The trends of entries in the order of their commits, by anchor, name and metric as they first appear.

    Where a history holds several services, each has trends of its own.
    """
    entries = _by_service(entries)
    keys = dict.fromkeys(
        (entry.anchor, name, metric)
        for entry in entries
        for name, figures in entry.series.items()
        for metric in figures
    )
    return tuple(_trend(entries, *key) for key in keys)


def _by_service(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries, their figures named by service where there are several; older lines do not know theirs."""
    if len({entry.service for entry in entries} - {None}) < 2:
        return entries
    return [
        replace(
            entry,
            series={f"{entry.service} / {name}": one for name, one in entry.series.items()},
            caveats={f"{entry.service} / {name}": one for name, one in entry.caveats.items()},
        )
        if entry.service
        else entry
        for entry in entries
    ]


def _trend(entries: Sequence[Entry], anchor: str | None, name: str, metric: str) -> Trend:
    mine = [entry for entry in entries if entry.anchor == anchor and metric in entry.series.get(name, {})]
    commits = tuple(dict.fromkeys(entry.commit for entry in mine))
    places = {commit: place for place, commit in enumerate(commits)}
    worse = HIGHER_IS_WORSE.get(metric, True)
    by_machine: dict[str, list[Point]] = {}
    for entry in mine:
        doubts = tuple(entry.caveats.get(name, ()))
        point = Point(places[entry.commit], entry, entry.series[name][metric], doubts)
        by_machine.setdefault(entry.machine.fingerprint, []).append(point)
    return Trend(
        name=name,
        metric=metric,
        anchor=anchor,
        commits=commits,
        lines=tuple(_line(points, worse) for points in by_machine.values()),
    )


def _line(points: Sequence[Point], higher_is_worse: bool) -> MachineLine:
    figures = [point.figure.value for point in points]
    begins = change_points(figures)
    ends = [0, *begins, len(points)]
    means = [statistics.fmean(figures[first:last]) for first, last in pairwise(ends)]
    changes = tuple(
        ChangePoint(
            points[at], new / old, (new > old) == higher_is_worse, _packages(points[at - 1], points[at])
        )
        for at, (old, new) in zip(begins, pairwise(means), strict=True)
        if old > 0
    )
    levels = tuple(
        (points[first].place, points[last - 1].place, mean)
        for (first, last), mean in zip(pairwise(ends), means, strict=True)
    )
    return MachineLine(points[-1].entry.machine, tuple(points), changes, levels)


def _packages(before: Point, after: Point) -> tuple[str, ...]:
    """The packages whose versions differ: `uvicorn 0.54.0 → 0.55.0`.

    Those of the harness count as well, as the anchor runs on them. Those of the service are compared where both entries
    know them.
    """
    old, new = before.entry, after.entry
    if old.service is None and new.service is None:
        return _differing(old.versions, new.versions)
    harness = _differing(old.harness_versions, new.harness_versions)
    own = _differing(old.versions, new.versions) if old.service == new.service else ()
    return (*own, *(f"harness: {one}" for one in harness))


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        f"{name} {old.get(name, 'absent')} → {new.get(name, 'absent')}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )


Advice = Mapping[Commit, tuple[tuple[Trend, ChangePoint], ...]]


def advice(found: Iterable[Trend]) -> Advice:
    """The change points by commit, the youngest commit first."""
    by_commit: dict[Commit, list[tuple[Trend, ChangePoint]]] = {}
    for trend in found:
        for line in trend.lines:
            for change in line.changes:
                by_commit.setdefault(change.commit, []).append((trend, change))
    youngest_first = sorted(by_commit, key=lambda commit: _date(by_commit[commit]), reverse=True)
    return {commit: tuple(by_commit[commit]) for commit in youngest_first}


def _date(changes: Sequence[tuple[Trend, ChangePoint]]) -> float:
    return changes[0][1].point.entry.moment
