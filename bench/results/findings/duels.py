"""The effect of one property of a setup, from pairs of setups that differ in nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.model.facts import HostFacts, PlanFacts
from bench.model.plan import Load
from bench.results.cells import CellResults, across, by_context, peak
from bench.results.findings.finding import NOT_SHOWN, Finding, caveats_of, evident, rate, word
from bench.results.results import Results
from bench.results.siblings import siblings
from bench.results.worker_table import cores
from bench.stats.estimate import Comparison, compare, geometric_mean
from bench.stats.format import join_words
from bench.stats.metrics import MEMORY, THROUGHPUT

Duel = Sequence[tuple[CellResults, CellResults]]
"""Pairs of base and head."""


def loop_and_parser(results: Results) -> Finding | None:
    """The gain of uvloop and httptools over asyncio and h11, from setups that differ in nothing else."""
    titles, sentences, figures, used = [], [], [], []
    for attribute, base, head in (("loop", "asyncio", "uvloop"), ("http", "h11", "httptools")):
        duels = list(_duels(results, attribute, base, head))
        for place, duel in enumerate(duels):
            words = _per_scenario(duel)
            used += [cell for pair in duel for cell in pair]
            if place > 0:
                figures.append(f"{head} again, {duel[0][1].setup} against {duel[0][0].setup}: {words}")
                continue
            overall = evident(_overall(duel))
            titles.append(
                f"{head} over {base}: {overall.text if overall else words if _is_shown(duel) else NOT_SHOWN}"
            )
            sentences.append(_duel_sentence(base, head, duel, words))
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


def _overall(duel: Duel) -> Comparison | None:
    base, head = zip(*duel, strict=True)
    return compare(across(base, THROUGHPUT, geometric_mean), across(head, THROUGHPUT, geometric_mean))


def _per_scenario(duel: Duel) -> str:
    return ", ".join(f"{word(head.against(base, THROUGHPUT))} in {head.scenario}" for base, head in duel)


def _duel_sentence(base: str, head: str, duel: Duel, words: str) -> str:
    other, mine = duel[0]
    who = f"({mine.setup} against {other.setup}, {mine.where})"
    return f"Requests served with {head} over {base}: {words if _is_shown(duel) else NOT_SHOWN} {who}."


def _is_shown(duel: Duel) -> bool:
    """Whether the repeats bear a difference out in any scenario."""
    return any(evident(head.against(base, THROUGHPUT)) for base, head in duel)


def more_workers(results: Results) -> Finding | None:
    """The gain of more workers and the memory they take, where there are cores for them to run on."""
    words, figures, used, titles = [], [], [], []
    crowded: dict[str, None] = {}
    for base, head, workers in _worker_pairs(results.facts.plan):
        duel = meetings(results.cells, base, head)
        if not duel:
            continue
        used += [cell for pair in duel for cell in pair]
        figures.append(f"{head} against {base}: {_per_scenario(duel)}")
        room = _room(results.facts.host, duel)
        if room is not None and room < workers:
            crowded[f"{workers} workers shared {room} core{'' if room == 1 else 's'}"] = None
            continue
        overall, memory = _overall(duel), evident(_memory_ratio(duel))
        titles.append(f"{head} {word(overall)}")
        paid = f" for {memory.text} the memory" if memory else ""
        words.append(
            f"{head} serves {_per_scenario(duel)} the requests of {base}{paid} ({duel[0][1].where})."
        )
    if crowded:
        words.append(f"{join_words(list(crowded))}: this machine cannot show what more workers bring.")
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


def _memory_ratio(duel: Duel) -> Comparison | None:
    base, head = zip(*duel, strict=True)
    return compare(across(base, MEMORY, peak), across(head, MEMORY, peak))
