"""Which setup is best for the app."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.model.plan import Load
from bench.results.cells import CellResults, across, by_context, compare_over, peak, rank, rank_over
from bench.results.findings.finding import (
    NOT_SHOWN,
    SAME,
    Finding,
    caveats_of,
    rate,
    verdict_words,
)
from bench.results.standings import length_text, rounds_needed
from bench.stats.best import Standing
from bench.stats.comparison import Comparison
from bench.stats.format import NO_EVIDENCE, join_words, share, times
from bench.stats.metrics import CPU, MEMORY, THROUGHPUT

_MOST_NAMES = 3
"""In a title."""


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A setup's cells in all scenarios of the contest, and its standing over them."""

    cells: tuple[CellResults, ...]
    standing: Standing

    @property
    def setup(self) -> str:
        return self.standing.name


def best_setup(cells: Iterable[CellResults], took_s: float | None = None) -> Finding | None:
    """Which setup serves most over the scenarios that the most setups ran; None with fewer than two valid.

    `took_s` is how long the run took, from which follows how long an answer to what is open would take.
    """
    measured = _contests(cells)
    contests = _fair(measured)
    ranked = _ranking(contests)
    if len(ranked) < 2:
        return None
    leader = ranked[0]
    sentences = [
        *_verdicts(ranked, took_s),
        *_elsewhere(contests, leader),
        *_cost(leader, ranked[1]),
        *_absences(contests, ranked),
        *_exclusions(measured, contests),
    ]
    return Finding(
        topic="best-setup",
        title=_title(ranked),
        text=" ".join(sentences),
        figures=tuple(_contest_figure(contest) for contest in contests),
        chart="setups",
        caveats=caveats_of(cell for one in ranked for cell in one.cells),
    )


def overall_ranking(cells: Iterable[CellResults]) -> tuple[tuple[tuple[CellResults, ...], Standing], ...]:
    """The setups over all scenarios that the finding speaks of, the best first: the cells of each, and its standing."""
    return tuple((one.cells, one.standing) for one in _ranking(_fair(_contests(cells))))


def _contests(cells: Iterable[CellResults]) -> list[tuple[CellResults, ...]]:
    """The contexts of one engine and closed load that the largest number of setups ran."""
    fair = [cell for cell in cells if cell.closed and cell.variant != "misuse"]
    places: dict[tuple[str, Load], list[tuple[CellResults, ...]]] = {}
    for (_, engine, load), members in by_context(fair).items():
        places.setdefault((engine, load), []).append(members)
    chosen: list[tuple[CellResults, ...]] = []
    best = (1, 0, False)
    for (engine, _), contexts in places.items():
        widest = max(map(len, contexts))
        full = [members for members in contexts if len(members) == widest]
        if (merit := (widest, len(full), engine == "native")) > best and widest > 1:
            chosen, best = full, merit
    return chosen


def _fair(contests: Sequence[tuple[CellResults, ...]]) -> list[tuple[CellResults, ...]]:
    """The contests in which the largest set of setups is valid: leaving out the fastest would be no ranking."""
    valid = [frozenset(cell.setup for cell in contest if cell.valid) for contest in contests]
    wanted = max(
        valid, key=lambda setups: (len(setups), sum(setups <= other for other in valid)), default=frozenset()
    )
    return [contest for contest, setups in zip(contests, valid, strict=True) if wanted <= setups]


def _ranking(contests: Sequence[Sequence[CellResults]]) -> list[_Ranked]:
    """The setups that are valid in every contest, the best first, by the geometric mean of their ratios."""
    cells = [cell for contest in contests for cell in contest if cell.valid]
    sides: dict[str, tuple[CellResults, ...]] = {}
    for setup in dict.fromkeys(cell.setup for cell in cells):
        mine = tuple(cell for cell in cells if cell.setup == setup)
        if len(mine) == len(contests):
            sides[setup] = mine
    return [_Ranked(tuple(mine), standing) for mine, standing in rank_over(sides, THROUGHPUT)]


def _title(ranked: Sequence[_Ranked]) -> str:
    leader = ranked[0]
    if leader.standing.rounds < 2:
        return f"Which setup is best: {NOT_SHOWN}"
    if leader.standing.verdict == "best":
        alike = _named(ranked, "same")
        return f"Best setup here: {leader.setup}" + (f"; {SAME}: {_count_or_name(alike)}" if alike else "")
    names = [one.setup for one in ranked if one.standing.verdict != "worse"]
    return f"Which setup is best: {_count_or_name(names)} are unresolved"


def _count_or_name(names: Sequence[str]) -> str:
    return join_words(names) if len(names) <= _MOST_NAMES else f"{len(names)} setups"


def _named(ranked: Sequence[_Ranked], verdict: str) -> list[str]:
    """The setups with a verdict, in the order of their ranks."""
    return [one.setup for one in ranked if one.standing.verdict == verdict]


def _verdicts(ranked: Sequence[_Ranked], took_s: float | None) -> Iterable[str]:
    """A sentence for each verdict that occurs."""
    leader = ranked[0]
    scenarios = join_words([cell.scenario for cell in leader.cells])
    where = f"({scenarios}; {leader.cells[0].where})"
    if leader.standing.rounds < 2:
        yield f"A single round shows no difference; {leader.setup} has the highest figure {where}."
        return
    best = leader.setup if leader.standing.verdict == "best" else "No setup is shown yet to be the one that"
    yield f"{best} serves most {where}."
    if alike := _named(ranked, "same"):
        yield f"{SAME.capitalize()}: {join_words(alike)}."
    if unresolved := _named(ranked, "unresolved"):
        time = _time_needed(ranked, took_s)
        yield f"Unresolved against the best: {join_words(unresolved)}{time}."
    if behind := [one.standing for one in ranked if one.standing.verdict == "worse"]:
        yield f"Behind the best: {', '.join(map(_behind_words, behind))}."


def _behind_words(standing: Standing) -> str:
    """`hypercorn-1 by 61 % (60 to 62)`"""
    least, most = share(1 - standing.high), share(1 - standing.low)
    return f"{standing.name} by {share(1 - standing.ratio)} % ({least} to {most})"


def _time_needed(ranked: Sequence[_Ranked], took_s: float | None) -> str:
    """` (about 12 min of measuring would tell)`, if ratios and noise stay as they are; empty where nobody knows."""
    unresolved = [one.standing for one in ranked if one.standing.verdict == "unresolved"]
    known = [(needed, one.rounds) for one in unresolved if (needed := rounds_needed(one))]
    if not known or took_s is None:
        return ""
    needed_s = max(took_s * needed / rounds for needed, rounds in known)
    return f" ({length_text(needed_s)} of measuring would tell)"


def _elsewhere(contests: Sequence[Sequence[CellResults]], leader: _Ranked) -> Iterable[str]:
    """The scenarios in which the best over all is shown to be behind."""
    for contest in contests if len(contests) > 1 else ():
        places = rank(contest, THROUGHPUT)
        for cell, standing in places:
            if cell.setup == leader.setup and standing.verdict == "worse":
                yield f"In {cell.scenario} alone {places[0][1].name} is ahead: {_behind_words(standing)}."


def _cost(leader: _Ranked, second: _Ranked) -> Iterable[str]:
    cpu = compare_over(tuple(zip(second.cells, leader.cells, strict=True)), CPU)
    if cpu is not None:
        yield f"CPU time per request, {leader.setup} over {second.setup}: {verdict_words(cpu)}."
    memory, other = (across(one.cells, MEMORY, peak) for one in (leader, second))
    if memory is not None:
        more = f", {second.setup} at {MEMORY.show(other)} MB" if other else ""
        yield f"{leader.setup} peaks at {MEMORY.show(memory)} MB of memory{more}."


def _absences(contests: Sequence[Sequence[CellResults]], ranking: Sequence[_Ranked]) -> Iterable[str]:
    ranked = {one.setup for one in ranking}
    codes: dict[str, dict[str, None]] = {}
    for cell in (cell for contest in contests for cell in contest if cell.setup not in ranked):
        codes.setdefault(cell.setup, {}).update(dict.fromkeys(() if cell.valid else cell.codes))
    if codes:
        names = [f"{setup} ({', '.join(why) or 'not measured throughout'})" for setup, why in codes.items()]
        yield f"Not ranked: {join_words(names)}."


def _exclusions(
    measured: Sequence[tuple[CellResults, ...]], contests: Sequence[tuple[CellResults, ...]]
) -> Iterable[str]:
    for contest in measured:
        if contest not in contests:
            names = [f"{cell.setup} ({', '.join(cell.codes)})" for cell in contest if not cell.valid]
            yield f"{contest[0].scenario} does not count, as it is invalid for {join_words(names)}."


def _contest_figure(contest: Sequence[CellResults]) -> str:
    """`noop-async: a 9,165 (9,145 to 9,260) req/s; b 0.92 × (0.91 to 0.93); c ~`: the valid setups, the best first."""
    ranked = rank(contest, THROUGHPUT)
    if not ranked:
        return f"{contest[0].scenario}: {'; '.join(rate(cell) for cell in contest if cell.valid)}"
    (first, _), *others = ranked
    shown = [f"{standing.name} {_standing_words(standing)}" for _, standing in others]
    return f"{first.scenario}: {'; '.join([rate(first), *shown])}"


def _standing_words(standing: Standing) -> str:
    if standing.verdict == "same":
        return SAME
    if standing.rounds < 2:
        return f"{times(standing.ratio)}, {NO_EVIDENCE}"
    known = Comparison(
        ratio=standing.ratio, low=standing.low, high=standing.high, rounds=standing.rounds
    ).interval_text
    return f"{known}, {NO_EVIDENCE}" if standing.verdict == "unresolved" else known
