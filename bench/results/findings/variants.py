"""Ways to write an endpoint: the gain of async over sync, and the cost of blocking the loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.results.cells import CellResults, by_place, fullest, twins
from bench.results.findings.finding import (
    NOT_SHOWN,
    SAME,
    Finding,
    caveats_of,
    evident,
    silent_words,
    verdict_words,
)
from bench.stats.comparison import Comparison
from bench.stats.format import join_words
from bench.stats.metrics import THROUGHPUT, VICTIM_P99


def async_over_sync(cells: Sequence[CellResults]) -> Finding | None:
    """How much more an async endpoint serves than its sync twin, group by group on one setup."""
    duel = _twin_pairs(cells, "sync", "async")
    if not duel:
        return None
    found = {head.group: head.against(base, THROUGHPUT, _family(head, cells)) for base, head in duel}
    shown = {group: each for group, ratio in found.items() if (each := evident(ratio))}
    ordered = sorted(shown.items(), key=lambda pair: -pair[1].ratio)
    names = [f"{each.interval_text} in {group}" for group, each in ordered]
    where = f"{duel[0][1].setup}, {duel[0][1].where}"
    sentences = (
        [f"An async endpoint serves {join_words(names)} the requests of its sync twin ({where})."]
        if names
        else []
    )
    sentences += silent_words(found)
    invalid = [group for group, each in found.items() if each is None]
    if invalid:
        sentences.append(f"Not compared, as a twin is invalid: {join_words(invalid)}.")
    figures = tuple(
        f"{head.group}: async {_twin_rate(head)}, sync {_twin_rate(base)} req/s" for base, head in duel
    )
    used = [cell for pair in duel for cell in pair]
    title = f"Async over sync: {_span(shown) or _silent_title(found.values())}"
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


def _family(cell: CellResults, cells: Iterable[CellResults]) -> int:
    """How many variants are compared with the reference of a cell's group."""
    alike = (cell.group, cell.place)
    return max(1, len({one.variant for one in cells if (one.group, one.place) == alike}) - 1)


def _silent_title(found: Iterable[Comparison | None]) -> str:
    """Of comparisons of which none shows a difference."""
    known = [one for one in found if one is not None]
    return SAME if known and all(one.same for one in known) else NOT_SHOWN


def _span(shown: Mapping[str, Comparison]) -> str:
    """The least and the largest ratio; empty without any."""
    ordered = sorted(shown.values(), key=lambda found: found.ratio)
    if not ordered:
        return ""
    low, high = ordered[0].text, ordered[-1].text
    return high if low == high else f"{low} to {high}"


@dataclass(frozen=True, slots=True)
class _Fault:
    """A twin that blocks the loop and one that does not; `family` variants are compared with the latter."""

    good: CellResults
    bad: CellResults
    family: int

    @property
    def lost(self) -> Comparison | None:
        return self.bad.against(self.good, THROUGHPUT, self.family)

    @property
    def waits(self) -> Comparison | None:
        return self.bad.against(self.good, VICTIM_P99, self.family)

    @property
    def wait_ms(self) -> float:
        """How long bystanders wait next to the bad one; 0 where the rounds do not show that they wait longer."""
        found, wait = evident(self.waits), self.bad.estimate(VICTIM_P99)
        return wait.median if wait and found is not None and found.direction == "higher" else 0.0


def misuse(cells: Sequence[CellResults]) -> Finding | None:
    """The cost of blocking the event loop: throughput, and the wait of bystanders next to it.

    The wait is given in ms, never as a ratio: in a closed loop that blocks, probes queue for as long as the cell lasts.
    """
    pairs = _twin_pairs(cells, "async", "misuse")
    faults = sorted(
        (_Fault(good, bad, _family(bad, cells)) for good, bad in pairs), key=lambda fault: -fault.wait_ms
    )
    if not faults:
        return None
    used = [cell for fault in faults for cell in (fault.good, fault.bad)]
    return Finding(
        topic="misuse",
        title=f"Blocking the loop: {_misuse_cost(faults)}",
        text=" ".join(sentence for fault in faults for sentence in _misuse_words(fault, cells)),
        figures=tuple(_victim_figure(cell) for cell in used),
        chart="victims",
        caveats=caveats_of(used),
    )


def _misuse_cost(faults: Sequence[_Fault]) -> str:
    """`0.030 × the throughput, and bystanders wait at least 1,820 ms (io-misuse)`"""
    lost = {fault.bad.group: found for fault in faults if (found := evident(fault.lost))}
    parts = [f"{_span(lost)} the throughput"] if lost else []
    if faults[0].wait_ms:
        worst = faults[0].bad
        where = f" ({worst.scenario})" if len(faults) > 1 else ""
        parts.append(f"bystanders wait {worst.words(VICTIM_P99)}{where}")
    return ", and ".join(parts) or _silent_title(fault.lost for fault in faults)


def _misuse_words(fault: _Fault, cells: Sequence[CellResults]) -> Iterable[str]:
    good, bad = fault.good, fault.bad
    place = f"{bad.setup}, {bad.where}"
    if not (bad.valid and good.valid):
        yield f"{bad.scenario} and {good.scenario} are not compared, as one is invalid ({place})."
        return
    if found := evident(fault.lost):
        yield f"{bad.scenario} serves {found.interval_text} the requests of {good.scenario} ({place})."
    else:
        yield f"Throughput of {bad.scenario} and {good.scenario}: {verdict_words(fault.lost)} ({place})."
    if fault.wait_ms:
        waits = [f"next to {cell.scenario} {cell.words(VICTIM_P99)}" for cell in (bad, good)]
        yield f"At p99 a bystander waits {', '.join(waits)}."
        if grown := [cell.scenario for cell in (bad, good) if cell.grows(VICTIM_P99)]:
            names = join_words(grown)
            yield f"Next to {names} the wait grew for as long as the cell lasted: a longer one would show more."
    elif fault.waits is not None:
        yield f"Bystanders' wait next to {bad.scenario} and {good.scenario}: {verdict_words(fault.waits)}."
    yield from _repair_words(fault, cells)


def _repair_words(fault: _Fault, cells: Sequence[CellResults]) -> Iterable[str]:
    good = fault.good
    for cell in cells:
        if (cell.group, cell.place, cell.variant) == (good.group, good.place, "offload"):
            found = cell.against(good, THROUGHPUT, fault.family)
            if shown := evident(found):
                served = f"{shown.interval_text} the requests of {good.scenario}"
                yield f"Moved to a thread ({cell.scenario}) it serves {served}."
            elif found:
                pair = f"Moved to a thread ({cell.scenario}), throughput against {good.scenario}"
                yield f"{pair}: {verdict_words(found)}."


def _victim_figure(cell: CellResults) -> str:
    wait = cell.estimate(VICTIM_P99)
    floor = "≥ " if cell.grows(VICTIM_P99) else ""
    said = f", bystander's p99 {floor}{VICTIM_P99.show_range(wait)} ms" if wait else ""
    return f"{cell.scenario}: {_twin_rate(cell)} req/s{said}"
