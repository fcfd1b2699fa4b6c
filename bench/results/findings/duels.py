"""The effect of one property of a setup, from pairs of setups that differ in nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.model.facts import HostFacts, PlanFacts
from bench.model.plan import Load
from bench.results.cells import CellResults, by_context, compare_over
from bench.results.findings.finding import (
    Finding,
    caveats_of,
    evident,
    interval_word,
    rate,
    verdict_words,
    word,
)
from bench.results.results import Results
from bench.results.siblings import siblings
from bench.results.worker_table import cores
from bench.stats.comparison import Comparison
from bench.stats.format import join_words
from bench.stats.metrics import CPU, MEMORY, P50, THROUGHPUT, Metric
from bench.stats.shrinkage import Family

_ACKNOWLEDGED_MS = (38.0, 65.0)
"""Linux waits 40 ms before it acknowledges what it has nothing to answer to (TCP_DELACK_MIN)."""
_IDLE_SHARE = 0.1

Duel = Sequence[tuple[CellResults, CellResults]]
"""Pairs of base and head."""


def loop_and_parser(results: Results) -> Finding | None:
    """The gain of uvloop and httptools over asyncio and h11, from setups that differ in nothing else."""
    titles, sentences, figures, used = [], [], [], []
    for attribute, base, head in (("loop", "asyncio", "uvloop"), ("http", "h11", "httptools")):
        duels = list(_duels(results, attribute, base, head))
        for place, duel in enumerate(duels):
            words = per_scenario(duel)
            used += [cell for pair in duel for cell in pair]
            if place > 0:
                figures.append(f"{head} again, {duel[0][1].setup} against {duel[0][0].setup}: {words}")
                continue
            titles.append(f"{head} over {base}: {_title_words(duel)}")
            sentences.append(_duel_sentence(base, head, duel))
            figures += [f"{mine.scenario}: {rate(mine)}; {rate(other)}" for other, mine in duel]
    if not titles:
        return None
    text = " ".join(sentences)
    return Finding(
        topic="loop-and-parser",
        title="; ".join(titles),
        text=text,
        figures=tuple(dict.fromkeys(figures)),
        chart="throughput",
        caveats=caveats_of(used),
    )


def _duels(
    results: Results, attribute: str, base: object, head: object
) -> Iterable[list[tuple[CellResults, CellResults]]]:
    """For each pair of setups alike but for the attribute: their valid cells, scenario by scenario."""
    plan = results.facts.plan
    for family in siblings(plan, attribute, plan.setups):
        named = {plan.setups[name].fields[attribute]: name for name in reversed(family)}
        if head in named and base in named and (duel := meetings(results.cells, named[base], named[head])):
            yield duel


def meetings(cells: Sequence[CellResults], base: str, head: str) -> list[tuple[CellResults, CellResults]]:
    """The valid closed-load cells of two setups in pairs, at the engine and load where they meet most."""
    places: dict[tuple[str, Load], list[tuple[CellResults, CellResults]]] = {}
    for (_, engine, load), members in by_context(cells).items():
        by_setup = {cell.setup: cell for cell in members if cell.valid and cell.closed}
        if head in by_setup and base in by_setup and members[0].variant != "misuse":
            places.setdefault((engine, load), []).append((by_setup[base], by_setup[head]))
    return max(places.values(), key=lambda pairs: (len(pairs), pairs[0][0].engine == "native"), default=[])


def overall(duel: Duel, metric: Metric = THROUGHPUT, family: int | Family = 1) -> Comparison | None:
    """Over all scenarios of a duel: the geometric mean of their ratios, round by round."""
    return compare_over(duel, metric, family)


def per_scenario(duel: Duel, family: int = 1) -> str:
    """`1.31 × (1.25 to 1.37) in noop-async, ~ in db-orm-async`."""
    return ", ".join(
        f"{interval_word(head.against(base, THROUGHPUT, family))} in {head.scenario}" for base, head in duel
    )


def _title_words(duel: Duel) -> str:
    """Over all scenarios; where that shows nothing, scenario by scenario if one of them shows anything."""
    found = overall(duel)
    if shown := evident(found):
        return shown.text
    alone = {head.scenario: head.against(base, THROUGHPUT) for base, head in duel}
    if any(map(evident, alone.values())):
        return ", ".join(f"{word(one)} in {scenario}" for scenario, one in alone.items())
    return verdict_words(found)


def _duel_sentence(base: str, head: str, duel: Duel) -> str:
    other, mine = duel[0]
    who = f"({mine.setup} against {other.setup}, {mine.where})"
    alone = len(duel) == 1
    words = f"{verdict_words(overall(duel))} in {mine.scenario}" if alone else per_scenario(duel)
    return f"Requests served with {head} over {base}: {words} {who}."


def more_workers(results: Results) -> Finding | None:
    """The gain of more workers and the memory they take, where there are cores for them to run on."""
    words, figures, used, titles = [], [], [], []
    waits: list[str] = []
    crowded: dict[str, None] = {}
    met = [
        (duel, base, head, workers)
        for base, head, workers in _worker_pairs(results.facts.plan)
        if (duel := meetings(results.cells, base, head))
    ]
    bases = [base for _, base, _, _ in met]
    for duel, base, head, workers in met:
        family = bases.count(base)
        used += [cell for pair in duel for cell in pair]
        figures.append(f"{head} against {base}: {per_scenario(duel, family)}")
        room = _room(results.facts.host, duel)
        waits += _delayed_acknowledgements(duel)
        if room is not None and room < workers:
            crowded[f"{workers} workers shared {room} core{'' if room == 1 else 's'}"] = None
            continue
        memory = evident(overall(duel, MEMORY, family))
        titles.append(f"{head} {word(overall(duel, family=family))}")
        paid = f", for {memory.text} the memory" if memory else ""
        words.append(
            f"Requests served by {head} over {base}: {per_scenario(duel, family)}{paid} ({duel[0][1].where})."
        )
    if crowded:
        words.append(f"{join_words(list(crowded))}: this machine cannot show what more workers bring.")
    words += waits
    if not words:
        return None
    title = f"More workers: {', '.join(titles)}" if titles else "More workers: not shown on this machine"
    return Finding(
        topic="workers",
        title=title,
        text=" ".join(words),
        figures=tuple(figures),
        chart="workers",
        caveats=caveats_of(used),
    )


def _delayed_acknowledgements(duel: Duel) -> Iterable[str]:
    """Where answers of the head alone take as long as a delayed acknowledgement and hardly compute: what they wait for.

    asyncio sets TCP_NODELAY on sockets that were made for TCP by name, which one that workers share mostly was not.
    """
    for base, head in duel:
        mine, other, cpu = head.estimate(P50), base.estimate(P50), head.estimate(CPU)
        if mine is None or other is None or cpu is None:
            continue
        waits = _ACKNOWLEDGED_MS[0] <= mine.median <= _ACKNOWLEDGED_MS[1] and other.median < mine.median / 2
        if waits and cpu.median / 1000 < mine.median * _IDLE_SHARE:
            yield (
                f"In {head.scenario} a typical answer of {head.setup} takes {head.words(P50)} and computes for "
                f"{head.words(CPU)}: it waits for a delayed acknowledgement of TCP, as the server sends its answer in "
                "two pieces without TCP_NODELAY, which asyncio's loop leaves off where workers share a socket. With "
                "uvloop the wait is gone."
            )


def _worker_pairs(plan: PlanFacts) -> Iterable[tuple[str, str, int]]:
    """(one worker, several workers, how many) for setups alike but for their number."""
    for family in siblings(plan, "workers", plan.setups):
        counts = {name: count for name in family if (count := plan.setups[name].workers) is not None}
        single = next((name for name, count in counts.items() if count == 1), None)
        if single is not None:
            yield from ((single, name, count) for name, count in sorted(counts.items()) if count > 1)


def _room(host: HostFacts | None, duel: Duel) -> int | None:
    """The cores the workers had: those they were pinned to, else the machine's."""
    pinned = cores(duel[0][1])
    machine = host.cores if host else None
    return machine if pinned is None else pinned
