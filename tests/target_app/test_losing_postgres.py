"""PostgreSQL goes away under load and comes back: 503 meanwhile, full service afterwards, and no lost increment."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPConnection, HTTPException

import psycopg

from bench.model.plan import Setup
from bench.serve.postgres import new_cluster, running
from bench.serve.server import Server, serving
from bench.system.processes import Processes

DEADLINE_S = 30.0
CUT_OFF = 0
"""In place of the status of an answer that did not come."""
WRITES = [("POST", "/bench/db/counter/async"), ("POST", "/bench/db/counter/sync")]
READS = [
    ("GET", f"/bench/db/{tier}/{way}") for tier in ("orm", "core", "raw") for way in ("async", "sync")
] + [("GET", "/tfb/updates?queries=2"), ("GET", "/health/ready")]
SETUP = Setup(
    "test", "uvicorn", workers=2, env={"APP_BENCH": "1", "APP_POOL_SIZE": "4", "APP_SEED_ROWS": "20"}
)


class Load:
    """Clients that ask for the same over and over, and what they were answered since the last look."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.recent: Counter[tuple[str, int]] = Counter()
        self.total: Counter[tuple[str, int]] = Counter()
        self.without_retry_after = 0
        self._threads = [threading.Thread(target=self._ask, args=each) for each in WRITES * 2 + READS]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, method: str, path: str) -> None:
        connection = HTTPConnection(self._server.address.host, self._server.port, timeout=DEADLINE_S)
        while not self._over.is_set():
            try:
                connection.request(method, path)
                answer = connection.getresponse()
                status, patience = answer.status, answer.getheader("Retry-After")
                answer.read()
            except (OSError, HTTPException):
                status, patience = CUT_OFF, None
                connection.close()
            with self._lock:
                self.recent[path, status] += 1
                self.total[path, status] += 1
                self.without_retry_after += status == 503 and patience is None
        connection.close()

    def look_until(self, holds: Callable[[Counter[tuple[str, int]]], bool]) -> None:
        """Forget what was answered so far, and wait until what is answered from now on is enough."""
        with self._lock:
            self.recent.clear()
        deadline_s = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline_s:
            with self._lock:
                if holds(self.recent):
                    return
            time.sleep(0.01)
        raise AssertionError(f"not seen in time; recent answers: {self.recent}")


def everywhere(status: int, count: int = 5) -> Callable[[Counter[tuple[str, int]]], bool]:
    """Every path was answered with this status, some times."""
    return lambda recent: all(recent[path, status] >= count for _, path in WRITES + READS)


def test_losing_postgres_loses_nothing_that_was_acknowledged(processes: Processes) -> None:
    with new_cluster(processes) as cluster, ExitStack() as stack:
        env = {**SETUP.env, "APP_DATABASE_URL": cluster.url}
        with running(cluster, processes):
            server = stack.enter_context(serving(replace(SETUP, env=env), processes))
            load = stack.enter_context(Load(server))
            load.look_until(everywhere(200))
        load.look_until(everywhere(503))
        with running(cluster, processes):
            load.look_until(everywhere(200))
            load.look_until(everywhere(200, count=20))
            recovered = dict(load.recent)
            load.stop()
            with psycopg.connect(cluster.url) as connection:
                row = connection.execute("SELECT value FROM counters").fetchone()
            stack.close()
    acknowledged = sum(load.total[path, 200] for _, path in WRITES)
    refused = sum(load.total[path, 503] for _, path in WRITES)
    assert {status for _, status in load.total} == {200, 503}
    assert {status for _, status in recovered} == {200}
    assert load.without_retry_after == 0
    assert row is not None
    # One that was answered 503 may have been committed, when the answer of the database was what got lost.
    assert acknowledged <= row[0] <= acknowledged + refused
