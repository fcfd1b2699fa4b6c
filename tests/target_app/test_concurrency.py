"""Four workers, 200 connections, one counter: it ends at exactly the number of answers that say so."""

from __future__ import annotations

from http.client import HTTPConnection
from json import loads
from pathlib import Path

import numpy as np
import pytest

from bench.config import load_setups
from bench.engines import launch
from bench.engines.job import Job
from bench.model import ClosedLoad
from bench.processes import Processes
from bench.samples import OK
from bench.server import Server, serving

LOAD = ClosedLoad(users=200, duration_s=1.5, warmup_s=0)


def increments(server: Server, processes: Processes, scenario: str, samples: Path) -> int:
    """Load the counter, and count the right answers; what was under way at the end is waited for."""
    watch = launch.Watch(lambda: None, lambda: None, lambda: None, lambda _progress: None)
    job = Job(server.host, server.port, scenario, LOAD, samples)
    found, _ = launch.run("native", [job], processes, watch)
    assert "unfinished" not in found.outcomes
    return int(np.count_nonzero(found.outcome == OK))


def value(server: Server) -> int:
    connection = HTTPConnection(server.host, server.port, timeout=10)
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
        counts = [
            increments(server, processes, f"db-counter-{way}", tmp_path / way) for way in ("async", "sync")
        ]
        assert value(server) == sum(counts)
    assert min(counts) > 0
