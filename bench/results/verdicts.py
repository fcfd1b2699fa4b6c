"""A run -> every comparison, ranking and finding that its report puts into words: the contents of `results.json`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.model.facts import PlanFacts
from bench.model.service import ServiceFacts
from bench.results.cells import CellResults, by_context, family_against, twins
from bench.results.findings.duels import meetings, overall
from bench.results.findings.finding import Finding
from bench.results.findings.ranking import overall_ranking
from bench.results.results import Results
from bench.results.siblings import feature_setups, siblings
from bench.results.standings import against_reference, standings
from bench.results.tables import ranking_metric
from bench.results.thresholds import ThresholdVerdict, judge_thresholds
from bench.stats.best import Standing, StandingVerdict
from bench.stats.comparison import Comparison, RatioVerdict
from bench.stats.metrics import CPU, MEMORY, THROUGHPUT, VICTIM_P99, Metric

SCHEMA = 2
"""Of `results.json`."""

PairKind = Literal["setup", "variant", "setting", "workers", "feature"]
"""The thing in which the sides differ: setups in anything, or in one thing alone."""

_SETTINGS: Mapping[str, str | None] = {
    "loop": "asyncio",
    "http": "h11",
    "worker": None,
    "app": None,
    "args": None,
}
"""Settings that a setup may differ in alone, with the value of the base; None is the first in alphabetical order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairVerdict:
    """How many times as large the head's figure is as the base's; a single round gives no interval.

    Without a scenario it is the geometric mean of the ratios of all scenarios in which the two meet.
    """

    metric: str
    scenario: str | None
    engine: str
    load: str
    kind: PairKind
    base: str
    head: str
    ratio: float | None
    low: float | None
    high: float | None
    verdict: RatioVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupStanding:
    """The place of one setup in a ranking."""

    setup: str
    ratio_to_best: float | None
    low: float | None
    high: float | None
    verdict: StandingVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRanking:
    """The setups of one scenario, or of all together, at one engine and load by one metric, the best first."""

    scenario: str | None
    engine: str
    load: str
    metric: str
    order: tuple[SetupStanding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingWords:
    """A finding in words; `code` stays when the words change."""

    code: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Everything that a report says in words, as data, and of which services; the limits of a run among it."""

    schema: int = SCHEMA
    comparisons: tuple[PairVerdict, ...] = ()
    rankings: tuple[SetupRanking, ...] = ()
    findings: tuple[FindingWords, ...] = ()
    thresholds: tuple[ThresholdVerdict, ...] = ()
    services_under_test: tuple[ServiceFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Setups by one metric in one scenario, or over all, the best first: a cell of each, and its standing."""

    metric: Metric
    scenario: str | None
    places: tuple[tuple[CellResults, Standing], ...]


def verdicts(results: Results, findings: Sequence[Finding]) -> Verdicts:
    """The verdicts of a run, whose report has these findings."""
    contexts = tuple(by_context(results.cells).values())
    ranked = (*_over_scenarios(results), *(one for cells in contexts for one in _ranked(cells)))
    plan = results.facts.plan
    pairs = (*_settings(plan), *_features(plan))
    return Verdicts(
        comparisons=(
            *(one for some in ranked for one in _against_best(some)),
            *(one for cells in twins(results.cells) for one in _variants(cells)),
            *(one for pair in pairs for one in _meetings(results.cells, *pair)),
            *(one for pair in pairs for cells in contexts for one in _setups(cells, *pair)),
        ),
        rankings=tuple(map(_ranking, ranked)),
        findings=tuple(
            FindingWords(code=finding.topic, title=finding.title, text=finding.text) for finding in findings
        ),
        thresholds=judge_thresholds(results),
        services_under_test=results.facts.services_under_test,
    )


def _over_scenarios(results: Results) -> Iterator[_Ranked]:
    """The ranking over all scenarios together, where there are several."""
    found = overall_ranking(results.cells)
    if len(found) > 1 and len(found[0][0]) > 1:
        yield _Ranked(THROUGHPUT, None, tuple((cells[0], standing) for cells, standing in found))


def _ranked(cells: Sequence[CellResults]) -> Iterator[_Ranked]:
    for metric in (ranking_metric(cells[0]), CPU):
        if found := standings(cells, metric):
            yield _Ranked(metric, cells[0].scenario, found)


def _ranking(ranked: _Ranked) -> SetupRanking:
    first, _ = ranked.places[0]
    return SetupRanking(
        scenario=ranked.scenario,
        engine=first.engine,
        load=first.load_label,
        metric=ranked.metric.key,
        order=tuple(_place(cell, standing) for cell, standing in ranked.places),
    )


def _place(cell: CellResults, standing: Standing) -> SetupStanding:
    low, high = _interval(standing)
    return SetupStanding(
        setup=cell.setup,
        ratio_to_best=_finite(standing.ratio),
        low=low,
        high=high,
        verdict=standing.verdict,
    )


def _against_best(ranked: _Ranked) -> Iterator[PairVerdict]:
    """Each setup against the one that leads; its interval is that to the best, whichever it is."""
    (best, _), *others = ranked.places
    for cell, standing in others:
        verdict: RatioVerdict = "same" if standing.verdict == "best" else standing.verdict
        pair = _pair("setup", cell, (best.setup, cell.setup), standing, metric=ranked.metric, verdict=verdict)
        yield replace(pair, scenario=ranked.scenario)


def _variants(cells: Sequence[CellResults]) -> Iterator[PairVerdict]:
    for metric in (ranking_metric(cells[0]), CPU, VICTIM_P99):
        for cell, found in against_reference(cells, metric):
            if found is not None:
                sides = (cells[0].scenario, cell.scenario)
                verdict = found.verdict(metric.better)
                yield _pair("variant", cell, sides, found, metric=metric, verdict=verdict)


def _settings(plan: PlanFacts) -> Iterator[tuple[PairKind, str, tuple[str, ...]]]:
    """(kind, base, heads) of setups that differ in one setting, or in the number of workers."""
    for attribute, plain in _SETTINGS.items():
        for family in siblings(plan, attribute, plan.setups):
            values = {name: str(plan.setup(name).fields[attribute]) for name in family}
            base = plain if plain in values.values() else min(values.values())
            yield "setting", *_split(values, base)
    for family in siblings(plan, "workers", plan.setups):
        counts = {name: plan.setup(name).workers or 0 for name in family}
        yield "workers", *_split(counts, min(counts.values()))


def _split(values: Mapping[str, object], base: object) -> tuple[str, tuple[str, ...]]:
    """The first setup with the value of the base, and those with another."""
    first = next(name for name, value in values.items() if value == base)
    return first, tuple(name for name, value in values.items() if value != base)


def _features(plan: PlanFacts) -> Iterator[tuple[PairKind, str, tuple[str, ...]]]:
    for base, heads in feature_setups(plan):
        yield "feature", base, heads


def _meetings(
    cells: Sequence[CellResults], kind: PairKind, base: str, heads: Sequence[str]
) -> Iterator[PairVerdict]:
    """Setups over all scenarios in which they meet, where there are several."""
    duels = [duel for head in heads if (duel := meetings(cells, base, head))]
    for metric in (THROUGHPUT, CPU, *((MEMORY,) if kind == "workers" else ())):
        for duel in duels:
            found = overall(duel, metric, family=len(duels))
            if found is not None and len(duel) > 1:
                cell, verdict = duel[0][1], found.verdict(metric.better)
                pair = _pair(kind, cell, (base, cell.setup), found, metric=metric, verdict=verdict)
                yield replace(pair, scenario=None)


def _setups(
    cells: Sequence[CellResults], kind: PairKind, base: str, heads: Sequence[str]
) -> Iterator[PairVerdict]:
    by_setup = {cell.setup: cell for cell in cells}
    present = [by_setup[head] for head in heads if head in by_setup]
    if base not in by_setup:
        return
    pairs = [(by_setup[base], cell) for cell in present if cell.valid and by_setup[base].valid]
    for metric in (ranking_metric(by_setup[base]), CPU) if pairs else ():
        family = family_against(pairs, metric)
        for cell in present:
            found = cell.against(by_setup[base], metric, family)
            if found is not None:
                verdict = found.verdict(metric.better)
                yield _pair(kind, cell, (base, cell.setup), found, metric=metric, verdict=verdict)


def _pair(
    kind: PairKind,
    cell: CellResults,
    sides: tuple[str, str],
    found: Comparison | Standing,
    *,
    metric: Metric,
    verdict: RatioVerdict,
) -> PairVerdict:
    base, head = sides
    low, high = _interval(found)
    return PairVerdict(
        metric=metric.key,
        scenario=cell.scenario,
        engine=cell.engine,
        load=cell.load_label,
        kind=kind,
        base=base,
        head=head,
        ratio=_finite(found.ratio),
        low=low,
        high=high,
        verdict=verdict,
    )


def _interval(found: Comparison | Standing) -> tuple[float | None, float | None]:
    return (None, None) if found.rounds < 2 else (_finite(found.low), _finite(found.high))


def _finite(figure: float) -> float | None:
    """To six digits: the last ones depend on the computer that computes them."""
    return float(f"{figure:.6g}") if math.isfinite(figure) else None
