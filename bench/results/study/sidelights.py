"""Rules besides the ladders': the effect of more threads, and twins at a fixed rate of arrivals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.results.cells import CellResults, by_place, twins
from bench.results.findings.finding import SAME
from bench.results.study.plateaus import tokens, workers
from bench.results.study.ratio import Ratio, ratio
from bench.results.study.rule import Rule
from bench.results.study.shipped import THREADED, work_of
from bench.stats.format import times
from bench.stats.metrics import P99, THROUGHPUT, VICTIM_P99


def of_threads(cells: Iterable[CellResults]) -> Iterator[Rule]:
    """The effect of more threads on endpoints that wait in one, from setups whose workers differ in their tokens."""
    waiting = [
        (count, cell)
        for cell in cells
        if cell.scenario == THREADED and cell.closed and (count := tokens(cell)) is not None
    ]
    pairs = [
        (count, less, base, head)
        for count, head in waiting
        for less, base in waiting
        if count > less and (head.context, workers(head)) == (base.context, workers(base))
    ]
    bases = [base.key for _, _, base, _ in pairs]
    found = [
        (count, less, made)
        for count, less, base, head in pairs
        if (made := ratio(base, head, THROUGHPUT, bases.count(base.key)))
    ]
    for pair in sorted({(count, less) for count, less, _ in found}):
        best = max((one for *counts, one in found if tuple(counts) == pair), key=_evident)
        what = f"{pair[0]} threads rather than {pair[1]}"
        if not best.settled:
            what = f"whether {what} help"
        elif not best.shown:
            what += f" make no difference: {SAME}"
        elif best.direction == "lower":
            what += " are worse"
        text = f"{times(best.comparison.ratio)} the requests"
        work = work_of(best.head.group)
        yield Rule(f"{work} in def: {what}", f"{work} at {best.head.load.label}: {text}", (best,))


def _evident(found: Ratio) -> tuple[bool, bool, float]:
    return found.shown, found.settled, found.strength


def of_rates(cells: Iterable[CellResults]) -> Iterator[Rule]:
    """Twins at a fixed rate of arrivals, where no user is held back: each against the reference."""
    opened = by_place(cell for cell in cells if not cell.closed).values()
    for members in opened:
        for reference, *others in twins(members):
            for other in others:
                for metric, whose in (
                    (P99, "the response at p99"),
                    (VICTIM_P99, "the wait of a bystander at p99"),
                ):
                    if found := ratio(reference, other, metric, len(others)):
                        yield _rate_rule(found, whose)


def _rate_rule(found: Ratio, whose: str) -> Rule:
    reference, other = found.base, found.head
    text = f"{other.variant} {times(found.comparison.ratio)} {whose} of {reference.variant}"
    if found.grows:
        text = f"at p99 a bystander waits {found.waits}"
    if found.settled and not found.shown:
        advice = f"{other.variant} and {reference.variant} have {SAME} {whose}"
    else:
        whether = "" if found.shown else "whether "
        word = "shorter" if found.direction == "lower" else "longer"
        advice = f"{whether}{other.variant} makes {whose} {word}"
    return Rule(
        f"{work_of(other.group)} at a fixed rate: {advice}",
        f"{work_of(other.group)} at {other.load.label}: {text}",
        (found,),
    )
