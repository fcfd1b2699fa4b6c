"""Runs that are made one after the other, until too many in a row go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from bench.errors import GateError

Step = TypeVar("Step")

_MOST_IN_A_ROW = 3


def take(steps: Iterable[Step], run: Callable[[Step], str], fault: str) -> int:
    """Take the steps in turn; `run` gives what went wrong, or nothing. The number of those that went wrong.

    Raises GateError, which names the `fault`, where one step after the other goes wrong: then all would.
    """
    failed = in_a_row = 0
    for step in steps:
        error = run(step)
        failed += bool(error)
        in_a_row = in_a_row + 1 if error else 0
        if in_a_row == _MOST_IN_A_ROW:
            raise GateError(f"{in_a_row} runs in a row {fault}, the last: {error}")
    return failed
