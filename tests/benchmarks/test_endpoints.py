"""What an endpoint costs without a server around it: `make micro`.

pytest-benchmark knows no coroutines, so each call runs the app to its end on a loop that stays; what that alone
costs is measured too, as the group `loop`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.inprocess import InProcess
from scenarios import SCENARIOS
from scenarios.model import Request, Response

Session = Callable[[str], Callable[[], list[tuple[Request, Response]]]]

MEASURED = [name for name in SCENARIOS if name.startswith(("noop-", "json-", "db-"))]


@pytest.mark.parametrize("name", MEASURED)
def test_session(name: str, session: Session, benchmark: BenchmarkFixture) -> None:
    """One session of a scenario, every answer of which is right; twins share a group."""
    benchmark.group = SCENARIOS[name].group
    run = session(name)
    faults = [request.fault(response) for request, response in benchmark(run)]
    assert faults == [None]


def test_empty_coroutine(app: InProcess, benchmark: BenchmarkFixture) -> None:
    """What running a coroutine on the loop costs by itself: to be taken off the figures above."""
    benchmark.group = "loop"

    async def empty() -> str:
        return "done"

    assert benchmark(lambda: app.loop.run_until_complete(empty())) == "done"
