"""The exit status of each kind of failure, and the hint for a name that is unknown."""

from __future__ import annotations

import pytest

from bench.errors import BenchError, EngineError, GateError, ServerError, UsageError, unknown

STATUSES = [(UsageError, 2), (GateError, 2), (ServerError, 1), (EngineError, 1), (BenchError, 1)]


@pytest.mark.parametrize(("error", "status"), STATUSES)
def test_wrong_usage_and_a_gate_that_failed_end_with_2_and_the_rest_with_1(
    error: type[BenchError], status: int
) -> None:
    assert error("no luck").status == status


def test_a_name_that_is_close_is_suggested_and_else_all_are_named_in_order() -> None:
    known = ("uvicorn", "granian-1")
    assert str(unknown("setup", "uvicron", known)) == "unknown setup 'uvicron'; did you mean 'uvicorn'?"
    assert str(unknown("setup", "zzz", known)) == "unknown setup 'zzz'; there are: granian-1, uvicorn"
