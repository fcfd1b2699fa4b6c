"""Failures, and the exit status that a gate gives them."""

from __future__ import annotations

import pytest

from bench.cli._failure import exit_2_on_failure
from bench.errors import BenchError, EngineError, GateError, UsageError


@pytest.mark.parametrize(
    ("raised", "kind", "said"),
    [
        pytest.param(EngineError("it died"), GateError, "it died", id="a failure that would be 1"),
        pytest.param(UsageError("no such"), UsageError, "no such", id="wrong usage stays itself"),
        pytest.param(OSError("disk full"), GateError, "unexpected OSError: disk full", id="unforeseen"),
    ],
)
def test_a_failure_never_looks_like_a_regression(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, kind: type[BenchError], said: str
) -> None:
    monkeypatch.delenv("BENCH_DEBUG", raising=False)
    with pytest.raises(kind, match=said) as caught, exit_2_on_failure():
        raise raised
    assert caught.value.status == 2
