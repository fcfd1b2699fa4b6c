"""The throughput that queueing arithmetic allows an endpoint, and how near the measured figures come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.results.caveats import OTHER_LOAD
from bench.results.cells import CellResults
from bench.results.findings.bottlenecks import of_cell
from bench.results.study.ladder import Ladder
from bench.results.study.shipped import WAITS_S
from bench.stats.estimate import Estimate
from bench.stats.format import three_digits, whole
from bench.stats.metrics import CPU, P50, THROUGHPUT

WITHIN = 0.15
"""A plateau is met when throughput comes this near to it."""

USERS, TOKENS, ONE = "users / t", "workers × tokens / t", "workers / t"
_IN_THREADS = ("sync", "offload")
_ON_THE_LOOP = ("misuse",)
_EXPLAINING = ("cpu-saturated", "generator-saturated")


@dataclass(frozen=True, slots=True)
class Bound:
    """A law and the requests per second that it allows."""

    law: str
    rps: float


def bounds(
    variant: str, users: int, *, alone_s: float, held_s: float, waits: bool, workers: int, tokens: int | None
) -> tuple[Bound, ...]:
    """The laws that bound a variant in a closed loop.

    Each user has one request under way, which takes `alone_s` at least (Little's law): users / t. A thread is held for
    `held_s`, waiting: all `tokens` of the workers together serve tokens / t. One that holds the loop of its worker, by
    blocking or by computing, for `held_s`: workers / t, which also holds in threads, as they share the interpreter's
    lock, but for those that only wait.
    """
    found = [Bound(USERS, users / alone_s)]
    if waits and variant in _IN_THREADS and tokens is not None:
        found.append(Bound(TOKENS, tokens / held_s))
    if variant in _ON_THE_LOOP or not waits:
        found.append(Bound(ONE, workers / held_s))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plateau:
    """A variant at a level: the bounds that laws predict, and the throughput that was measured."""

    ladder: Ladder
    variant: str
    users: int
    bounds: tuple[Bound, ...]
    measured: Estimate

    @property
    def cell(self) -> CellResults:
        return self.ladder.levels[self.users][self.variant]

    @property
    def least(self) -> Bound:
        return min(self.bounds, key=lambda bound: bound.rps)

    @property
    def share(self) -> float:
        return self.measured.median / self.least.rps

    @property
    def met(self) -> bool:
        return abs(self.share - 1) <= WITHIN

    @property
    def why(self) -> str:
        """Why it was not met, as far as the records tell; empty where it was."""
        if self.met:
            return ""
        if self.share > 1:
            return "requests are cheaper under load than at 1 user"
        return "; ".join(_reasons(self.cell)) or "not explained by what was recorded"


def _reasons(cell: CellResults) -> Iterator[str]:
    """The bottlenecks of a cell: its CPU or the generator's, else other processes, and how long a request took."""
    causes = {cause.kind: cause.figures for cause in of_cell(cell)}
    yield from (causes[kind] for kind in _EXPLAINING if kind in causes)
    used, taken = cell.estimate(CPU), cell.estimate(P50)
    if used and "cpu-saturated" in causes:
        yield f"{whole(used.median)} µs of CPU a request allow {whole(1e6 / used.median)} req/s a core"
    elif not causes.keys() & set(_EXPLAINING):
        yield from [caveat.text for caveat in cell.caveats if caveat.code == OTHER_LOAD][-1:]
        if taken and used:
            yield f"a request took {three_digits(taken.median)} ms, {three_digits(used.median / 1e3)} ms of it CPU time"


def plateaus(ladder: Ladder) -> Iterator[Plateau]:
    """Every level of every variant for which a prediction can be made, as far as it is not measured by itself."""
    waits = ladder.group in WAITS_S
    for variant in ladder.variants:
        cells = ladder.cells(variant)
        alone_s, held_s = _times_s(ladder.group, cells.get(1))
        for users, cell in cells.items():
            measured = cell.estimate(THROUGHPUT)
            if measured is None or alone_s is None or held_s is None or (users == 1 and not waits):
                continue
            found = bounds(
                variant,
                users,
                alone_s=alone_s,
                held_s=held_s,
                waits=waits,
                workers=workers(cell),
                tokens=tokens(cell),
            )
            yield Plateau(ladder=ladder, variant=variant, users=users, bounds=found, measured=measured)


def _times_s(group: str, alone: CellResults | None) -> tuple[float | None, float | None]:
    """How long a request takes by itself, and for how long of that it holds a worker or a thread."""
    if group in WAITS_S:
        return WAITS_S[group], WAITS_S[group]
    response, cpu = (alone.estimate(P50), alone.estimate(CPU)) if alone else (None, None)
    return (response.median / 1e3 if response else None), (cpu.median / 1e6 if cpu else None)


def workers(cell: CellResults) -> int:
    """The processes that answered, in the repeat with the most."""
    return max(len(record.resources.workers) for record in cell.records) or 1


def tokens(cell: CellResults) -> int | None:
    """The threads of all workers together; None where they do not tell."""
    known = [[worker.tokens for worker in record.resources.workers] for record in cell.records]
    told = [sum(some) for found in known if found and len(some := [n for n in found if n]) == len(found)]
    return max(told, default=None)
