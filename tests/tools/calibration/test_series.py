"""Steps in turn, and when to give up."""

from __future__ import annotations

import pytest

from bench.errors import GateError
from tools.calibration.series import take


def test_steps_are_taken_in_turn_and_the_failed_ones_counted() -> None:
    taken: list[int] = []

    def run(step: int) -> str:
        taken.append(step)
        return "broken" if step % 2 else ""

    assert take(range(6), run, "failed") == 3
    assert taken == [0, 1, 2, 3, 4, 5]


def test_three_failures_in_a_row_end_it() -> None:
    taken: list[int] = []

    def run(step: int) -> str:
        taken.append(step)
        return f"number {step}" if step > 1 else ""

    with pytest.raises(GateError, match="3 runs in a row came to nothing, the last: number 4"):
        take(range(9), run, "came to nothing")
    assert taken == [0, 1, 2, 3, 4]
