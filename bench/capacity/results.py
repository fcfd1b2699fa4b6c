"""A search for the capacity, read from its run: the offered loads, and which of them held."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.capacity.search import Tally
from bench.capacity.slo import misses
from bench.model.plan import OpenLoad
from bench.model.record import Record
from bench.results.caveats import GENERATOR_STALLED, OTHER_LOAD, STEAL
from bench.results.results import Results
from bench.stats.conditions import Condition
from bench.stats.format import whole
from bench.stats.objectives import parse

SET_ASIDE = "set-aside"
"""The caveat of a trial that does not count: others used our CPUs, and it was made again."""


_PASSING = frozenset({OTHER_LOAD, STEAL, GENERATOR_STALLED})
"""Disturbances that may be over when a trial is made again; a CPU quota, or a single CPU, does not pass."""


_FEWEST_POINTS = 4
_RISES_TIMES = 2.0


@dataclass(frozen=True, slots=True)
class Offered:
    """One trial of an open load, and the objectives that it must meet."""

    record: Record
    objectives: tuple[Condition, ...]

    @property
    def rate_per_s(self) -> float:
        load = self.record.cell.load
        assert isinstance(load, OpenLoad)
        return load.arrivals_per_s

    @property
    def due_rps(self) -> float:
        """Requests that were due; more than the rate where a session holds several."""
        return self.record.summary.requests / self.record.cell.load.duration_s

    @property
    def missed(self) -> tuple[str, ...]:
        return misses(self.record, self.objectives)

    @property
    def disturbance(self) -> str:
        """The text of the caveat that says who took our CPUs for a while; empty when nobody did."""
        return next((caveat.text for caveat in self.record.caveats if caveat.code in _PASSING), "")

    @property
    def is_set_aside(self) -> bool:
        return any(caveat.code == SET_ASIDE for caveat in self.record.caveats)

    def is_evidence(self, confirms: bool) -> bool:
        """Whether the trial counts although others used our CPUs.

        One that confirms never does, whether it held or failed: to repeat only failures would raise the capacity. A
        short one only finds where to begin, and a rate that holds even so is high enough for that.
        """
        return not self.disturbance or not (confirms or self.missed)

    @property
    def result(self) -> str:
        found = f"failed: {', '.join(self.missed)}" if self.missed else "held"
        return f"set aside: {self.disturbance or 'disturbed'} ({found})" if self.is_set_aside else found

    @property
    def line(self) -> str:
        """`2,310 arrivals/s for 4 s: held, p99 14.2 ms, errors 0 %`"""
        trial = (
            f"{whole(self.rate_per_s)} arrivals/s for {self.record.cell.load.duration_s:g} s: {self.result}"
        )
        figures = () if self.missed else (one.describe(self.record.summary) for one in self.objectives)
        return ", ".join([trial, *figures])


@dataclass(frozen=True, slots=True)
class OfferedRate:
    """A rate and the trials that count for it: its longest, less those that were set aside."""

    rate_per_s: float
    trials: tuple[Offered, ...]

    @property
    def duration_s(self) -> float:
        return self.trials[0].record.cell.load.duration_s

    @property
    def held(self) -> tuple[Offered, ...]:
        return tuple(one for one in self.trials if not one.missed)

    @property
    def failed(self) -> tuple[Offered, ...]:
        return tuple(one for one in self.trials if one.missed)

    @property
    def holds(self) -> bool:
        return len(self.held) >= len(self.failed)

    @property
    def typical(self) -> Offered:
        """Of the trials that held, if the rate holds, else of those that failed, the one with the middle p99."""
        some = self.held if self.holds else self.failed
        return sorted(some, key=_p99)[(len(some) - 1) // 2]

    def median(self, percentile: str) -> float | None:
        """The lower median over the trials, in ms: half of them or more are at or below it, so it meets an objective
        for this percentile if half of the trials do."""
        found = [
            ms
            for one in self.trials
            if (ms := getattr(one.record.summary.response_ms, percentile)) is not None
        ]
        return statistics.median_low(found) if found else None


def _p99(one: Offered) -> float:
    return one.record.summary.response_ms.p99 or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A search as its run tells it; `rate_per_s` is None where nothing held, or where it was cut short.

    `confirmations` say how often each rate of the long trials held and failed, as far as the run has them. The server
    of the long trials `is_fresh` unless it ran already.
    """

    setup: str
    scenario: str
    objectives: tuple[Condition, ...]
    rate_per_s: float | None
    limit: str
    trials: tuple[Offered, ...]
    guess: Record | None
    confirmations: tuple[Tally, ...] = ()
    is_fresh: bool = True

    @property
    def knee_per_s(self) -> float | None:
        return knee_of(self.trials)

    @property
    def confirmed(self) -> OfferedRate | None:
        """The trials of the capacity."""
        return next((one for one in rates_of(self.trials) if one.rate_per_s == self.rate_per_s), None)

    @property
    def above(self) -> OfferedRate | None:
        """The lowest rate above the capacity that did not hold, of those in long trials if there are any."""
        long = {one.rate_per_s for one in self.confirmations}
        beyond = [
            one
            for one in rates_of(self.trials)
            if one.rate_per_s > (self.rate_per_s or 0.0) and not one.holds
        ]
        return next((one for one in beyond if one.rate_per_s in long), next(iter(beyond), None))


def capacity_of(results: Results) -> Capacity | None:
    """The search of a run; None when it was none. Trials stand in the order of their rates."""
    facts = results.facts.capacity
    if facts is None:
        return None
    objectives = tuple(map(parse, facts.objectives))
    return Capacity(
        setup=facts.setup,
        scenario=facts.scenario,
        objectives=objectives,
        rate_per_s=facts.arrivals_per_s,
        limit=facts.limit,
        trials=offered_loads(results.records, objectives),
        guess=next((r for r in results.records if not isinstance(r.cell.load, OpenLoad)), None),
        confirmations=tuple(Tally(one.arrivals_per_s, one.held, one.failed) for one in facts.confirmations),
        is_fresh=results.facts.plan.setup(facts.setup).fields.get("server") != "running",
    )


def offered_loads(records: Iterable[Record], objectives: tuple[Condition, ...]) -> tuple[Offered, ...]:
    """The trials among the records, by rate, and those of one rate as they were made."""
    trials = (Offered(record, objectives) for record in records if isinstance(record.cell.load, OpenLoad))
    return tuple(sorted(trials, key=lambda one: one.rate_per_s))


def knee_of(trials: Iterable[Offered]) -> float | None:
    """The knee of p99 over the offered load, up to the first rate that never held: beyond, time knows no bounds."""
    rates = rates_of(trials)
    held = max((one.rate_per_s for one in rates if one.holds), default=0.0)
    beyond = min((one.rate_per_s for one in rates if one.rate_per_s > held), default=held)
    return knee([(rate, ms) for rate, ms in by_rate(rates, "p99") if rate <= beyond])


def knee(points: Sequence[tuple[float, float]]) -> float | None:
    """The x at which a rising, convex curve turns up; None for fewer than four points and for one that hardly rises.

    With both axes scaled to [0, 1], it is where the curve lies furthest below its chord: the largest x - y (the
    "Kneedle" of Satopaa, Albrecht, Irwin and Raghavan, Finding a "Kneedle" in a Haystack, ICDCS Workshops 2011, section
    III, for a convex increasing curve and without the smoothing, for which the points are too few).
    """
    if len(points) < _FEWEST_POINTS:
        return None
    x, y = np.array(sorted(points)).T
    if y.max() < _RISES_TIMES * y.min() or x[0] == x[-1]:
        return None
    below = (x - x[0]) / (x[-1] - x[0]) - (y - y.min()) / (y.max() - y.min())
    at = int(np.argmax(below))
    return float(x[at]) if 0 < at < len(x) - 1 else None


def rates_of(trials: Iterable[Offered]) -> tuple[OfferedRate, ...]:
    """The rates in order, with the trials that count; a rate of which all were set aside is left out."""
    found: dict[float, list[Offered]] = {}
    for one in trials:
        if not one.is_set_aside:
            found.setdefault(one.rate_per_s, []).append(one)
    return tuple(OfferedRate(rate, _longest(some)) for rate, some in sorted(found.items()))


def _longest(trials: list[Offered]) -> tuple[Offered, ...]:
    longest_s = max(one.record.cell.load.duration_s for one in trials)
    return tuple(one for one in trials if one.record.cell.load.duration_s == longest_s)


def by_rate(rates: Iterable[OfferedRate], percentile: str) -> tuple[tuple[float, float], ...]:
    """(rate, ms): the median of the trials that count."""
    medians = ((one.rate_per_s, one.median(percentile)) for one in rates)
    return tuple((rate, ms) for rate, ms in medians if ms is not None)


def busy_share(record: Record) -> float | None:
    """The server's CPU time as a share of what its workers could have had; None where that is not known."""
    used = record.resources
    cores = min(len(used.workers), len(used.cpus) or len(used.workers))
    return used.cpu_s / record.cell.load.duration_s / cores if cores and used.cpu_s else None
