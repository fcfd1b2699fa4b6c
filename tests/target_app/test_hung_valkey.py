"""A Valkey that hangs, without its connections being lost, as a machine does that swaps or is suspended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from fastapi.testclient import TestClient

from bench.serve import valkey
from bench.system.processes import Processes
from bench.system.waiting import wait_until
from tests.target_app.conftest import StartApp

TIMEOUT_S = 0.3


class Hanging:
    """A Valkey of our own, which can be stopped and go on."""

    def __init__(self, url: str) -> None:
        self.url = url
        with redis.Redis.from_url(url) as server:
            self._pid = int(server.info("server")["process_id"])

    @contextmanager
    def stopped(self) -> Iterator[None]:
        os.kill(self._pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._pid, signal.SIGCONT)


@pytest.fixture
def hanging(processes: Processes) -> Iterator[Hanging]:
    with valkey.running(processes) as url:
        yield Hanging(url)


@pytest.fixture
def client(hanging: Hanging, start_app: StartApp) -> TestClient:
    """The app with all that it keeps in Redis."""
    return start_app(
        cache="redis",
        rate_limit="redis",
        rate_limit_requests=1_000_000,
        redis_url=hanging.url,
        redis_timeout_s=TIMEOUT_S,
    )


def test_requests_go_on_and_few_of_them_wait(hanging: Hanging, client: TestClient) -> None:
    assert client.get("/bench/cache/1").status_code == 200
    waited = []
    with hanging.stopped():
        for _ in range(60):
            sent_s = time.monotonic()
            assert client.get("/bench/cache/1").status_code == 200
            waited.append(time.monotonic() - sent_s >= 0.9 * TIMEOUT_S)
    assert 1 <= sum(waited) < 30, "without a breaker all of them would"


def test_a_write_that_was_acknowledged_is_seen_once_it_is_back(hanging: Hanging, start_app: StartApp) -> None:
    client = start_app(cache="redis", redis_url=hanging.url, redis_timeout_s=2)
    path = "/api/v1/items/1"
    before = [client.get(path).headers["x-cache"] for _ in range(2)]
    with hanging.stopped():
        assert client.patch(path, json={"price": 3}).json()["price"] == 3
    seen = [client.get(path).json()["price"] for _ in range(5)]
    assert (before, seen) == (["MISS", "HIT"], [3.0] * 5)
    assert wait_until(lambda: client.get(path).headers["x-cache"] == "HIT", 20)
    assert client.get(path).json()["price"] == 3
