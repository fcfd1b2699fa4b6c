"""Ways to write an endpoint: the gain of async over sync, and the cost of blocking the loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.results.cells import CellResults, by_place, fullest, twins
from bench.results.findings.duels import Duel
from bench.results.findings.finding import NOT_SHOWN, Finding, caveats_of, evident, word
from bench.stats.estimate import Comparison
from bench.stats.format import join_words
from bench.stats.metrics import THROUGHPUT, VICTIM_P99


def async_over_sync(cells: Iterable[CellResults]) -> Finding | None:
    """How much more an async endpoint serves than its sync twin, group by group on one setup."""
    duel = _twin_pairs(cells, "sync", "async")
    if not duel:
        return None
    found = {head.group: head.against(base, THROUGHPUT) for base, head in duel}
    shown = {group: each for group, ratio in found.items() if (each := evident(ratio))}
    ordered = sorted(shown.items(), key=lambda pair: -pair[1].ratio)
    names = [f"{each.text} in {group}" for group, each in ordered]
    where = f"{duel[0][1].setup}, {duel[0][1].where}"
    sentences = (
        [f"An async endpoint serves {join_words(names)} the requests of its sync twin ({where})."]
        if names
        else []
    )
    silent = [group for group, each in found.items() if each and not each.shown]
    if silent:
        sentences.append(f"For {join_words(silent)} {NOT_SHOWN}.")
    invalid = [group for group, each in found.items() if each is None]
    if invalid:
        sentences.append(f"Not compared, as a twin is invalid: {join_words(invalid)}.")
    figures = tuple(
        f"{head.group}: async {_twin_rate(head)}, sync {_twin_rate(base)} req/s" for base, head in duel
    )
    used = [cell for pair in duel for cell in pair]
    title = f"Async over sync: {_span(shown)}"
    return Finding(
        topic="async-over-sync",
        title=title,
        text=" ".join(sentences),
        figures=figures,
        chart="twins",
        caveats=caveats_of(used),
    )


def _twin_pairs(cells: Iterable[CellResults], base: str, head: str) -> list[tuple[CellResults, CellResults]]:
    """Pairs of variants of one group, at the setup, engine and closed load that has the most of them."""
    places = []
    for members in by_place(cell for cell in cells if cell.closed).values():
        sets = [{cell.variant: cell for cell in found} for found in twins(members)]
        places.append([(found[base], found[head]) for found in sets if base in found and head in found])
    return fullest(places) or []


def _twin_rate(cell: CellResults) -> str:
    found = cell.estimate(THROUGHPUT)
    return (THROUGHPUT.show_range(found) if found else "nothing") + ("" if cell.valid else " (invalid)")


def _span(shown: Mapping[str, Comparison]) -> str:
    ordered = sorted(shown.values(), key=lambda found: found.ratio)
    if not ordered:
        return NOT_SHOWN
    low, high = ordered[0].text, ordered[-1].text
    return high if low == high else f"{low} to {high}"


def misuse(cells: Sequence[CellResults]) -> Finding | None:
    """The cost of blocking the event loop: throughput, and the wait of bystanders next to it.

    The wait is given in ms, never as a ratio: in a closed loop that blocks, probes queue for as long as the cell lasts.
    """
    duel = sorted(_twin_pairs(cells, "async", "misuse"), key=lambda pair: -_wait_ms(*pair))
    if not duel:
        return None
    sentences = [sentence for good, bad in duel for sentence in _misuse_words(good, bad, cells)]
    figures = tuple(_victim_figure(cell) for pair in duel for cell in pair)
    used = [cell for pair in duel for cell in pair]
    title = f"Blocking the loop: {_misuse_cost(duel)}"
    return Finding(
        topic="misuse",
        title=title,
        text=" ".join(sentences),
        figures=figures,
        chart="victims",
        caveats=caveats_of(used),
    )


def _misuse_cost(duel: Duel) -> str:
    """`0.030 × the throughput, and bystanders wait at least 1,820 ms (io-misuse)`"""
    lost = {bad.group: found for good, bad in duel if (found := evident(bad.against(good, THROUGHPUT)))}
    parts = [f"{_span(lost)} the throughput"] if lost else []
    if _wait_ms(*duel[0]):
        worst = duel[0][1]
        where = f" ({worst.scenario})" if len(duel) > 1 else ""
        parts.append(f"bystanders wait {worst.words(VICTIM_P99)}{where}")
    return ", and ".join(parts) or NOT_SHOWN


def _misuse_words(good: CellResults, bad: CellResults, cells: Sequence[CellResults]) -> Iterable[str]:
    place = f"{bad.setup}, {bad.where}"
    if not (bad.valid and good.valid):
        yield f"{bad.scenario} and {good.scenario} are not compared, as one is invalid ({place})."
        return
    if found := evident(bad.against(good, THROUGHPUT)):
        yield f"{bad.scenario} serves {found.text} the requests of {good.scenario} ({place})."
    else:
        yield f"In the throughput of {bad.scenario} against {good.scenario} {NOT_SHOWN} ({place})."
    if _wait_ms(good, bad):
        waits = [f"next to {cell.scenario} {cell.words(VICTIM_P99)}" for cell in (bad, good)]
        yield f"At p99 a bystander waits {', '.join(waits)}."
        if grown := [cell.scenario for cell in (bad, good) if cell.grows(VICTIM_P99)]:
            names = join_words(grown)
            yield f"Next to {names} the wait grew for as long as the cell lasted: a longer one would show more."
    elif bad.estimate(VICTIM_P99) and good.estimate(VICTIM_P99):
        yield f"In the wait of bystanders next to it {NOT_SHOWN}."
    yield from _repair_words(good, cells)


def _repair_words(good: CellResults, cells: Sequence[CellResults]) -> Iterable[str]:
    for cell in cells:
        if (cell.group, cell.place, cell.variant) == (good.group, good.place, "offload"):
            found = cell.against(good, THROUGHPUT)
            if evident(found):
                yield f"Moved to a thread ({cell.scenario}) it serves {word(found)} the requests of {good.scenario}."
            elif found:
                yield f"Moved to a thread ({cell.scenario}), {NOT_SHOWN} to {good.scenario}."


def _wait_ms(good: CellResults, bad: CellResults) -> float:
    """How long bystanders wait next to the bad one; 0 where the repeats do not show that they wait longer."""
    found, wait = bad.against(good, VICTIM_P99), bad.estimate(VICTIM_P99)
    return wait.median if wait and found is not None and found.direction == "higher" else 0.0


def _victim_figure(cell: CellResults) -> str:
    wait = cell.estimate(VICTIM_P99)
    floor = "≥ " if cell.grows(VICTIM_P99) else ""
    said = f", bystander's p99 {floor}{VICTIM_P99.show_range(wait)} ms" if wait else ""
    return f"{cell.scenario}: {_twin_rate(cell)} req/s{said}"
