"""Which setup is best for the app."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.model.plan import Load
from bench.results.cells import CellResults, across, by_context, peak
from bench.results.findings.finding import NOT_SHOWN, Finding, caveats_of, evident, rate
from bench.stats.estimate import Comparison, Estimate, compare, geometric_mean
from bench.stats.format import join_words, share
from bench.stats.metrics import CPU, MEMORY, THROUGHPUT

_MOST_NAMES = 3
"""In a title."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """A setup's cells in all scenarios of the contest, and the geometric mean of their throughputs."""

    setup: str
    cells: tuple[CellResults, ...]
    score: Estimate

    @property
    def memory(self) -> Estimate | None:
        return across(self.cells, MEMORY, peak)

    @property
    def cpu(self) -> Estimate | None:
        return across(self.cells, CPU, geometric_mean)


def best_setup(cells: Iterable[CellResults]) -> Finding | None:
    """Which setup serves most over the scenarios that the most setups ran; None with fewer than two valid."""
    measured = _contests(cells)
    contests = _fair(measured)
    standings = _standings(contests)
    if len(standings) < 2:
        return None
    leader = standings[0]
    tied = [standing for standing in standings[1:] if not _is_behind(standing, leader)]
    title, text = _best_words(leader, tied, standings)
    sentences = [
        text + f" ({join_words([cell.scenario for cell in leader.cells])}; {leader.cells[0].where})."
    ]
    sentences += [
        *_cost(leader, standings[1]),
        *_absences(contests, standings),
        *_exclusions(measured, contests),
    ]
    behind = [standing for standing in standings[1:] if standing not in tied]
    used = [cell for standing in (leader, *tied, *behind[:1]) for cell in standing.cells]
    figures = tuple(_contest_figure(contest, standings) for contest in contests)
    return Finding(
        topic="best-setup",
        title=title,
        text=" ".join(sentences),
        figures=figures,
        chart="throughput",
        caveats=caveats_of(used),
    )


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


def _standings(contests: Sequence[Sequence[CellResults]]) -> list[_Standing]:
    """The setups that are valid in every contest, the best first."""
    cells = [cell for contest in contests for cell in contest]
    found = []
    for setup in dict.fromkeys(cell.setup for cell in cells):
        mine = tuple(cell for cell in cells if cell.setup == setup)
        score = across(mine, THROUGHPUT, geometric_mean)
        if len(mine) == len(contests) and all(cell.valid for cell in mine) and score is not None:
            found.append(_Standing(setup, mine, score))
    return sorted(found, key=lambda standing: (-standing.score.median, standing.setup))


def _is_behind(one: _Standing, leader: _Standing) -> bool:
    """Clearly worse over all scenarios, or clearly in one of them and better in none.

    Clearly, for any of several setups may look worse by chance, in any of several scenarios.
    """
    overall = compare(one.score, leader.score)
    if overall is not None and overall.clear:
        return True
    better = any(found.shown and found.ratio > 1 for _, found in _meetings(one, leader))
    return bool(_slower(one, leader)) and not better


def _meetings(one: _Standing, leader: _Standing) -> Iterable[tuple[str, Comparison]]:
    """The comparison of two setups in each scenario that both ran."""
    best = {cell.scenario: cell for cell in leader.cells}
    for mine in one.cells:
        if found := mine.against(best[mine.scenario], THROUGHPUT):
            yield mine.scenario, found


def _slower(one: _Standing, leader: _Standing) -> list[str]:
    """The scenarios in which a setup is clearly slower."""
    return [scenario for scenario, found in _meetings(one, leader) if found.clear and found.ratio < 1]


def _slower_in(one: _Standing, leader: _Standing) -> str:
    return f"{one.setup} comes next, slower in {join_words(_slower(one, leader))}"


def _best_words(
    leader: _Standing, tied: Sequence[_Standing], standings: Sequence[_Standing]
) -> tuple[str, str]:
    if leader.score.n < 2:
        return (
            f"Which setup is best: {NOT_SHOWN}",
            f"With a single repeat there is no spread to judge by; {leader.setup} has the highest figure",
        )
    if not tied:
        second = standings[1]
        found = evident(compare(second.score, leader.score))
        return (
            f"Best setup here: {leader.setup}",
            f"{leader.setup} serves {found.text} the requests of {second.setup}, which comes next"
            if found
            else f"{leader.setup} serves most; {_slower_in(second, leader)}",
        )
    level = [leader, *tied]
    names = [standing.setup for standing in level]
    hidden = max(standing.score.spread or 0.0 for standing in level)
    text = (
        f"{join_words(names)} cannot be told apart: their repeats range over up to {share(hidden)} %, and noise of "
        "that size hides smaller differences"
    )
    behind = next((standing for standing in standings if standing not in level), None)
    which = join_words(names) if len(names) <= _MOST_NAMES else f"{len(names)} setups"
    return (
        f"Which setup is best: {which} cannot be told apart",
        f"{text}; {_next_words(behind, leader)}" if behind else text,
    )


def _next_words(behind: _Standing, leader: _Standing) -> str:
    found = evident(compare(leader.score, behind.score))
    return (
        f"{behind.setup} comes next with {found.text} the requests" if found else _slower_in(behind, leader)
    )


def _cost(leader: _Standing, second: _Standing) -> Iterable[str]:
    memory, cpu = leader.memory, compare(second.cpu, leader.cpu)
    if cpu is not None:
        yield (
            f"{leader.setup} uses {cpu.text} the CPU time of {second.setup} per request."
            if cpu.shown
            else f"In CPU time per request between {leader.setup} and {second.setup} {NOT_SHOWN}."
        )
    if memory is not None:
        other = f", {second.setup} at {MEMORY.show(second.memory)} MB" if second.memory else ""
        yield f"{leader.setup} peaks at {MEMORY.show(memory)} MB of memory{other}."


def _absences(contests: Sequence[Sequence[CellResults]], standings: Sequence[_Standing]) -> Iterable[str]:
    ranked = {standing.setup for standing in standings}
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


def _contest_figure(contest: Sequence[CellResults], standings: Sequence[_Standing]) -> str:
    cells = {cell.setup: cell for cell in contest}
    first, second = (cells[standing.setup] for standing in standings[:2])
    return f"{first.scenario}: {rate(first)}; {rate(second)}"
