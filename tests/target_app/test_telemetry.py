"""FastAPI's own OpenTelemetry, behind a setting: a collector gets a span for each request, with its route."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import httpx2
import pytest

from bench.plan.config import load_setups
from bench.serve.server import serving
from bench.system.processes import Processes
from tests.collector import Collector

PATHS = {
    "/bench/noop/async": "/bench/noop/async",
    "/api/v1/items/1": "/api/v1/items/{item_id}",
    "/api/v1/sync/items/2": "/api/v1/sync/items/{item_id}",
}


@pytest.mark.parametrize("on", [True, False])
def test_each_request_is_a_span_of_its_route_where_it_is_wanted(on: bool, processes: Processes) -> None:
    with Collector() as collector:
        setup = load_setups()["uvicorn"]
        env = {"APP_TELEMETRY": str(int(on)), "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with (
            serving(replace(setup, env={**setup.env, **env}), processes) as server,
            httpx2.Client(base_url=server.url) as client,
        ):
            assert {client.get(path).status_code for path in PATHS} == {200}
            assert client.head("/api/v1/items/1").status_code == 200
        # it ended in order: all of its spans are out
        routes = [
            attribute.value.string_value
            for span in collector.spans
            for attribute in span.attributes
            if attribute.key == "http.route" and span.kind == span.SPAN_KIND_SERVER
        ]
    found = Counter(route for route in routes if route != "/health/live")
    assert found == (dict.fromkeys(PATHS.values(), 1) if on else {})
