"""Where a request's time goes: its cost in-process, part by part, next to its response time over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.results.cells import CellResults
from bench.results.micro import Benchmark, Micro
from bench.results.results import Results
from bench.results.study.ladder import Ladder
from bench.results.study.shipped import ASKING, DATABASE, HOP, NOTHING_ASYNC, NOTHING_SYNC
from bench.stats.metrics import P50

_HOPS = ("sync",)
_OFFLOADS = ("offload",)


@dataclass(frozen=True, slots=True)
class Parts:
    """In-process seconds of one call; they add up to `whole_s`.

    The framework is what an async endpoint costs that does nothing, the hop what the same costs more as a plain
    function, and the work is all the rest.
    """

    framework_s: float
    hop_s: float
    work_s: float

    @property
    def whole_s(self) -> float:
        return self.framework_s + self.hop_s + self.work_s


@dataclass(frozen=True, slots=True)
class RequestCost:
    """One scenario at 1 user: its parts, and the median response over HTTP in seconds."""

    cell: CellResults
    group: str
    parts: Parts
    http_s: float

    @property
    def server_s(self) -> float:
        """Server, network and client: what HTTP takes beyond the call; 0 where the call took longer by itself."""
        return max(0.0, self.http_s - self.parts.whole_s)


def split(whole_s: float, framework_s: float, hop_s: float) -> Parts:
    """The parts of a call; a part is cut where the call has no room for it."""
    framework_s = min(framework_s, whole_s)
    hop_s = min(hop_s, whole_s - framework_s)
    return Parts(framework_s, hop_s, whole_s - framework_s - hop_s)


def costs(results: Results, ladders: Iterable[Ladder]) -> Iterator[RequestCost]:
    """The scenarios that were measured both ways, one call at a time, on the same loop and kind of database."""
    if results.micro is None:
        return
    for ladder in ladders:
        setup = results.facts.plan.setup(ladder.setup)
        database = "postgres" if "postgres" in setup.services else DATABASE
        inside = _Inside(results.micro, setup.loop or "uvloop", database)
        for variant in ladder.variants:
            cell = ladder.cells(variant).get(1)
            taken = cell.estimate(P50) if cell else None
            parts = inside.parts(cell.scenario, variant) if cell else None
            if cell and taken and parts:
                yield RequestCost(cell, ladder.group, parts, taken.median / 1e3)


class _Inside:
    """The benchmarks of one loop, one call at a time; what asking costs by itself is taken off endpoints."""

    def __init__(self, micro: Micro, loop: str, database: str) -> None:
        self._database = database
        self._single = [
            one
            for one in micro.benchmarks
            if one.extra.get("loop") == loop and one.extra.get("concurrency") == 1
        ]
        self._asking_s = self._layer_s(*ASKING) or 0.0

    def parts(self, scenario: str, variant: str) -> Parts | None:
        """None where the scenario, or the one that does nothing, was not measured."""
        whole_s, nothing_s = (
            self._endpoint_s(scenario, self._database),
            self._endpoint_s(NOTHING_ASYNC, DATABASE),
        )
        if whole_s is None or nothing_s is None:
            return None
        return split(whole_s, nothing_s, self._hop_s(variant, nothing_s))

    def _hop_s(self, variant: str, nothing_s: float) -> float:
        if variant in _HOPS:
            return max(0.0, (self._endpoint_s(NOTHING_SYNC, DATABASE) or 0.0) - nothing_s)
        return (self._layer_s(*HOP) or 0.0) if variant in _OFFLOADS else 0.0

    def _endpoint_s(self, scenario: str, database: str) -> float | None:
        found = (one for one in self._single if _is(one, "endpoint", scenario=scenario, database=database))
        return next((max(0.0, one.own_s - self._asking_s) for one in found), None)

    def _layer_s(self, layer: str, name: str) -> float | None:
        found = (one for one in self._single if _is(one, layer) and one.name.partition(",")[0] == name)
        return next((max(0.0, one.own_s) for one in found), None)


def _is(one: Benchmark, layer: str, **facts: object) -> bool:
    return one.extra.get("layer") == layer and all(
        one.extra.get(name) == fact for name, fact in facts.items()
    )
