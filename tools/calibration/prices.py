"""The cost of a request and of a loop's turn, by each gate's own measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from bench.errors import GateError
from tools.calibration.faults import HANDLERS, LOOP, PRICED, Gate, add_loop
from tools.calibration.gate_run import Price
from tools.calibration.judging import GateOutcome, GateRunner

_TURNS: dict[Gate, int] = {"exact": 1_000, "paired": 20_000}
"""So many that the loop is a good part of a request: then the noise of the gate hardly counts.

A loop costs something without any turn as well. The exact gate can tell; for the paired one that is nothing.
"""
_METRICS: dict[Gate, str] = {"exact": "instructions", "paired": "cpu"}
_SECONDS = 20.0

_CALLS = 60


def prices(bench: GateRunner, gate: Gate, commit: str, machine: str) -> list[Price]:
    """The price of a request of each handler, and of a turn, by one run over a head with a long loop in one handler.

    The same loop is in all handlers, so one of them prices it for all. Raises GateError where the gate fails.
    """
    turns = _TURNS[gate]
    figures = _measure(bench, gate, turns, tuple(HANDLERS))
    empty = _more(_measure(bench, gate, 0, (PRICED,))) if gate == "exact" else 0.0
    turn = (_more(figures) - empty) / turns
    if turn <= 0:
        raise GateError(f"{gate}: {turns:,} turns of a loop did not make {PRICED} dearer")
    alone = turn_us() if gate == "paired" else None
    return [
        Price(
            gate=gate,
            scenario=name,
            request=cost,
            turn=turn,
            commit=commit,
            machine=machine,
            empty=empty,
            alone=alone,
        )
        for name, (cost, _) in figures.items()
    ]


def _measure(
    bench: GateRunner, gate: Gate, turns: int, scenarios: tuple[str, ...]
) -> dict[str, tuple[float, float]]:
    """By scenario the base's figure, and the ratio of a head with a loop in the priced handler."""
    head = bench.clone.head([(add_loop(PRICED), turns)], words=0)
    said = bench.judge(gate, head, scenarios, _SECONDS if gate == "paired" else None, 0)
    return {name: _figures(said, name, _METRICS[gate]) for name in scenarios}


def _more(figures: Mapping[str, tuple[float, float]]) -> float:
    """The extra cost of the priced handler over the base."""
    base, ratio = figures[PRICED]
    return base * (ratio - 1)


def turn_us() -> float:
    """Microseconds that a turn takes in this process: the best of some."""
    turns = _TURNS["paired"]
    spin = _make_spin(turns)
    return min(_span_us(spin) for _ in range(_CALLS)) / turns


def _make_spin(turns: int) -> Callable[[], None]:
    """A function with the very loop that handlers are given."""
    names: dict[str, Callable[[], None]] = {}
    exec(f"def spin():\n    {LOOP.replace('TURNS', str(turns))}\n", names)
    return names["spin"]


def _span_us(spin: Callable[[], None]) -> float:
    began_ns = time.perf_counter_ns()
    spin()
    return (time.perf_counter_ns() - began_ns) / 1e3


def _figures(said: GateOutcome, scenario: str, metric: str) -> tuple[float, float]:
    """The base's figure and the ratio."""
    for row in said.rows:
        if (row.name, row.metric) == (scenario, metric) and row.base is not None and row.ratio is not None:
            return row.base, row.ratio
    raise GateError(f"{scenario} has no price: {said.error or 'the gate said nothing of it'}")
