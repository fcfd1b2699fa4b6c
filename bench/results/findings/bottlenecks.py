"""The bottlenecks of the cells of a run: one finding for each kind of cause that their repeats show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.results.cells import CellResults
from bench.results.findings.causes import Cause, of_record
from bench.results.findings.finding import Finding, caveats_of
from bench.stats.format import join_words

_MOST_FIGURES = 5

_WORDS = {
    "loop-blocked": (
        "Event loop blocked",
        "Nothing else is served while something holds the loop: a handler that sleeps or computes on it, or threads "
        "that hold the interpreter's lock. Await, or move the call to a thread or a process.",
    ),
    "threads-exhausted": (
        "Thread pool exhausted",
        "All threads for endpoints that are not async were taken and calls queued for one: more threads "
        "(APP_THREAD_TOKENS), shorter calls or async ones would help, as far as there is CPU left.",
    ),
    "pool-exhausted": (
        "Database pool exhausted",
        "All connections were out and requests queued for one: a larger pool (APP_POOL_SIZE) or shorter use of a "
        "connection would help, as far as there is CPU left and the database can take it.",
    ),
    "worker-overloaded": (
        "One worker overloaded",
        "Requests that meet the slow worker wait although others could serve them: it has more than its share, or it "
        "is slower than they are.",
    ),
    "collections": (
        "Garbage collection stops the worker",
        "A single collection is as long as the tail of the response time; gc.freeze() after start-up, or fewer "
        "objects that live long, would shorten it.",
    ),
    "cpu-saturated": (
        "CPU saturated",
        "There was no CPU left to serve more with, which is what a closed loop aims at: only cheaper requests or more "
        "cores would help.",
    ),
    "generator-saturated": (
        "Generator saturated",
        "The load generator, not the server, may be what was measured: these cells are invalid. Use the native engine, "
        "more generator processes, or a core of its own.",
    ),
}


def bottlenecks(cells: Sequence[CellResults]) -> Iterator[Finding]:
    """One finding for each kind of cause that is named in some cell."""
    named = [(cell, cause) for cell in cells for cause in of_cell(cell)]
    for kind, (title, text) in _WORDS.items():
        mine = sorted(
            ((cell, cause) for cell, cause in named if cause.kind == kind), key=lambda pair: -pair[1].weight
        )
        if mine:
            figures = [
                f"{cell.scenario} on {cell.setup} ({cell.where}): {cause.figures}" for cell, cause in mine
            ]
            rest = len(figures) - _MOST_FIGURES
            more = [f"and {rest} more cell{'' if rest == 1 else 's'}"] if rest > 0 else []
            yield Finding(
                topic=kind,
                title=f"{title}: {_places([cell for cell, _ in mine])}",
                text=text,
                figures=(*figures[:_MOST_FIGURES], *more),
                chart="server",
                caveats=caveats_of(cell for cell, _ in mine),
            )


def _places(cells: Sequence[CellResults]) -> str:
    names = list(dict.fromkeys(cell.scenario for cell in cells))
    if len(names) > 3:
        return join_words([*names[:2], f"{len(names) - 2} more scenarios"])
    return join_words(names)


def of_cell(cell: CellResults) -> tuple[Cause, ...]:
    """The causes that more than half of a cell's repeats name, each with the figures of the middle one of them."""
    found: dict[str, list[Cause]] = {}
    for record in cell.records:
        for cause in of_record(record):
            found.setdefault(cause.kind, []).append(cause)
    return tuple(
        sorted(some, key=lambda cause: cause.weight)[len(some) // 2]
        for some in found.values()
        if len(some) > len(cell.records) / 2
    )
