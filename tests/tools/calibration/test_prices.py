"""What a request and a turn of a loop cost, from the figures of a gate that is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest

from bench.errors import GateError
from bench.model.change import Change
from tools.calibration.faults import HANDLERS, PRICED, Gate, Patch
from tools.calibration.judging import GateOutcome, GateRunner
from tools.calibration.prices import prices, turn_us


@dataclass
class MadeUpClone:
    """It remembers the turns of the loop in its last head."""

    turns: int = 0

    def head(self, patches: Sequence[tuple[Patch, int]], words: int) -> str:
        ((_, self.turns),) = patches
        return "a head"


@dataclass
class MadeUpRunner:
    """A gate in whose eyes a request costs 10,000, a loop 500, and each turn so much more."""

    turn: float
    clone: MadeUpClone = field(default_factory=MadeUpClone)
    missing: str = ""
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def judge(
        self, gate: Gate, head: str, scenarios: Sequence[str], seconds: float | None, number: int
    ) -> GateOutcome:
        self.asked.append(tuple(scenarios))
        metric = "instructions" if gate == "exact" else "cpu"
        more = 500 + self.clone.turns * self.turn
        rows = tuple(
            Change(
                name, metric, "no change", base=10_000.0, ratio=1 + more / 10_000 if name == PRICED else 1.0
            )
            for name in scenarios
            if name != self.missing
        )
        return GateOutcome(0, 1.0, rows, "")


def measured(gate: Gate, runner: MadeUpRunner) -> list[tuple[str, float, object, object]]:
    found = prices(cast(GateRunner, runner), gate, "abc", "a machine")
    assert {(one.gate, one.commit, one.machine) for one in found} == {(gate, "abc", "a machine")}
    return [(one.scenario, one.request, pytest.approx(one.turn), pytest.approx(one.empty)) for one in found]


def test_the_exact_gate_tells_the_turns_from_the_loop_without_any() -> None:
    runner = MadeUpRunner(turn=3.0)
    assert measured("exact", runner) == [(name, 10_000.0, 3.0, 500.0) for name in HANDLERS]
    assert runner.asked == [tuple(HANDLERS), (PRICED,)]


def test_for_the_paired_gate_a_loop_without_turns_is_free() -> None:
    runner = MadeUpRunner(turn=3.0)
    assert measured("paired", runner) == [(name, 10_000.0, 3 + 500 / 20_000, 0.0) for name in HANDLERS]
    assert runner.asked == [tuple(HANDLERS)]


def test_turns_that_cost_nothing_have_no_price() -> None:
    with pytest.raises(GateError, match=f"did not make {PRICED} dearer"):
        prices(cast(GateRunner, MadeUpRunner(turn=0.0)), "exact", "abc", "a machine")


def test_a_scenario_of_which_the_gate_says_nothing_has_no_price() -> None:
    with pytest.raises(GateError, match="json-model has no price"):
        prices(cast(GateRunner, MadeUpRunner(turn=3.0, missing="json-model")), "exact", "abc", "a machine")


def test_a_turn_takes_some_nanoseconds() -> None:
    assert 0.001 < turn_us() < 1
