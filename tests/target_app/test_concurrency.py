"""Four workers, 200 connections, one counter, two ways to it: it ends at exactly the number of answers that say so."""

from __future__ import annotations

from collections import Counter
from http.client import HTTPConnection
from json import loads
from pathlib import Path

import pytest

from bench.engines import launch
from bench.engines.job import Job
from bench.model.plan import ClosedLoad
from bench.model.recording import gather
from bench.model.samples import OK
from bench.plan.config import load_setups
from bench.serve.server import Server, serving
from bench.system.processes import Processes

LOAD = ClosedLoad(users=100, duration_s=1.5, warmup_s=0)
WAYS = ("async", "sync")


def increments(server: Server, processes: Processes, folder: Path) -> Counter[str]:
    """Load the counter both ways at once, and count the right answers by their way; the last ones are waited for."""
    watch = launch.Watch(lambda: None, lambda: None, lambda _progress: None)
    jobs = [Job(server.address, f"db-counter-{way}", LOAD, folder / way) for way in WAYS]
    found = gather(launch.run("native", jobs, processes, watch)[0])
    assert "unfinished" not in found.outcomes
    return Counter(found.labels[label] for label in found.label[found.outcome == OK])


def value(server: Server) -> int:
    connection = HTTPConnection(server.address.host, server.port, timeout=10)
    connection.request("GET", "/bench/db/counter")
    found: int = loads(connection.getresponse().read())["value"]
    connection.close()
    return found


@pytest.mark.parametrize("setup", ["uvicorn-4", "uvicorn-4-postgres"])
def test_no_increment_is_lost_or_counted_twice(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_server: str, setup: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_server)  # a database of the session's server
    with serving(load_setups()[setup], processes) as server:
        counts = increments(server, processes, tmp_path)
        assert value(server) == counts.total()
    assert set(counts) == {f"POST /bench/db/counter/{way}" for way in WAYS}
