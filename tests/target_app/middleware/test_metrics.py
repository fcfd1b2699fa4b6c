"""What Prometheus reads is what was asked, read by its own parser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bench.plan.config import load_setups
from bench.serve.server import Server, serving
from bench.system.processes import Processes

ASKED = [
    *40 * [("GET", "/bench/noop/async", "/bench/noop/async", 200)],
    *20 * [("GET", "/api/v1/items/1", "/api/v1/items/{item_id}", 200)],
    *10 * [("GET", "/api/v1/items/2", "/api/v1/items/{item_id}", 200)],
    *5 * [("GET", "/api/v1/items/0", "/api/v1/items/{item_id}", 422)],
    *3 * [("DELETE", "/bench/noop/sync", "/bench/noop/sync", 405)],
    *2 * [("GET", "/nothing", "unknown", 404)],
    *2 * [("PROPFIND", "/nothing/else", "unknown", 404)],
]


@pytest.fixture(params=["uvicorn", "uvicorn-2", "gunicorn-2"])
def server(request: pytest.FixtureRequest, tmp_path: Path, processes: Processes) -> Iterator[Server]:
    setup = load_setups()[request.param]
    env = {**setup.env, "APP_METRICS": "1"}
    if setup.workers > 1:
        env["PROMETHEUS_MULTIPROC_DIR"] = str(tmp_path)
    with serving(replace(setup, env=env), processes) as server:
        yield server


def read(url: str) -> Counter[tuple[str, str, int]]:
    """How many requests /metrics has of each method, route and status."""
    answer = httpx2.get(f"{url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    samples = [sample for one in text_string_to_metric_families(answer.text) for sample in one.samples]
    return Counter(
        {
            (one.labels["method"], one.labels["route"], int(one.labels["status"])): int(one.value)
            for one in samples
            if one.name == "http_request_duration_seconds_count"
        }
    )


def test_all_requests_of_all_workers_are_counted_by_their_route(server: Server) -> None:
    before = read(server.url)

    def ask(one: tuple[str, str, str, int]) -> int:
        with httpx2.Client(base_url=server.url) as client:  # a connection each, for any worker
            return client.request(one[0], one[1]).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, ASKED)) == [status for *_, status in ASKED]
    seen = read(server.url) - before
    del seen["GET", "/metrics", 200]
    wanted = Counter(
        ("unknown" if method == "PROPFIND" else method, route, status) for method, _, route, status in ASKED
    )
    assert seen == wanted
