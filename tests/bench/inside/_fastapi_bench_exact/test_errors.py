"""An error of a measuring process is a line that the gate passes on."""

from __future__ import annotations

from bench.inside._fastapi_bench_exact.errors import InsideError
from bench.inside._fastapi_bench_exact.target import MissingError


def test_a_missing_endpoint_is_told_from_other_failures() -> None:
    assert issubclass(MissingError, InsideError)
    assert str(InsideError("no such luck")) == "no such luck"
