"""Both of Locust's clients send a request once, and call a failure what the native engine calls it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bench.model.plan import ClosedLoad
from bench.model.samples import Samples
from bench.system.processes import Processes
from tests.bench.engines.conftest import Engine
from tests.bench.engines.peer import Peer

_LATE_IMPORTS = Path(__file__).with_name("late_imports.py")
LOAD = ClosedLoad(2, duration_s=0.4, warmup_s=0.1)
SCENARIOS = ("half", "no-answer", "reset", "truncated", "garbage", "silent", "stalls")


@dataclass
class Ran:
    """What came of a run of each scenario, all at once."""

    rows: Samples
    seen: Counter[str]

    def outcomes(self, name: str) -> Counter[str]:
        rows = self.rows.rows(self.rows.label == self.rows.labels.index(f"GET /{name}"))
        return Counter(rows.outcomes[number] for number in rows.outcome)


@pytest.fixture(scope="module", params=["locust", "locust-http"])
def ran(
    request: pytest.FixtureRequest, processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ran]:
    with Peer() as peer:
        engine = Engine(peer, processes, tmp_path_factory.mktemp("locust"))
        jobs = [engine.job(name, LOAD, name, timeout_s=0.3) for name in SCENARIOS]
        yield Ran(engine.run(*jobs, engine=request.param), peer.seen)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_server_has_seen_each_request_once(name: str, ran: Ran) -> None:
    assert ran.outcomes(name).total() == ran.seen[f"/{name}"] > 2


def test_each_dropped_connection_is_a_failure(ran: Ran) -> None:
    """The server answers its first request of the path and drops every second one."""
    seen = ran.seen["/half"]
    assert ran.outcomes("half") == {"ok": seen - seen // 2, "reset": seen // 2}


FAILS = {
    "no-answer": "reset",
    "reset": "reset",
    "truncated": "truncated",
    "garbage": "garbage: not an HTTP/1.1 response",
    "silent": "timeout",
    "stalls": "timeout",
}


@pytest.mark.parametrize(("name", "kind"), FAILS.items(), ids=FAILS)
def test_a_failure_has_the_kind_that_the_native_engine_gives_it(name: str, kind: str, ran: Ran) -> None:
    assert set(ran.outcomes(name)) == {kind}


def test_no_request_lasts_much_longer_than_its_limit(ran: Ran) -> None:
    assert np.max(ran.rows.done_ns - ran.rows.sent_ns) < 1e9


@pytest.mark.parametrize("kind", ["native", "locust", "locust-http"])
def test_nothing_is_imported_while_it_measures(kind: str, engine: Engine) -> None:
    """An import stops the loop: numpy.percentile's first call alone takes 10 to 17 ms."""
    load = ClosedLoad(2, duration_s=0.8, warmup_s=0.1)
    rows = engine.run(engine.job("late-imports", load, scenarios_file=_LATE_IMPORTS), engine=kind)

    assert rows.labels == ("imported: nothing",)
    assert len(engine.progress) > 1
