"""What it costs to have a thread do nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from anyio import to_thread

from bench.engines.inprocess import InProcess
from tests.benchmarks.measuring import AT_ONCE, LOOPS, Measure, Subject


def _nothing() -> str:
    return "done"


@pytest.mark.parametrize("concurrency", [1, AT_ONCE], ids=["alone", "at-once"])
@pytest.mark.parametrize("loop", LOOPS)
def test_hop(loop: str, concurrency: int, bare_on: Callable[[str], InProcess], measure: Measure) -> None:
    """To a thread of AnyIO's and back, as plain functions go."""
    done = measure.coroutines(
        Subject("thread-hop", "thread-hop"),
        bare_on(loop).loop,
        lambda: to_thread.run_sync(_nothing),
        concurrency,
    )
    assert done == ["done"] * concurrency
