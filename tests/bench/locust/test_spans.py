"""Spans for OpenTelemetry: a receiver of the test's own gets one for each request that the server counts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from bench.locust.spans import add_span
from bench.model.address import Address
from scenarios.model import Request, Response
from tests.bench.engines.peer import Peer
from tests.collector import Collector

LOCUSTFILE = Path(__file__).parents[3] / "locustfile.py"
MINE = """
from scenarios.model import Request, Scenario
from scenarios.single import Always

SCENARIOS = {
    "slow": Scenario("slow", Always(Request("GET", "/slow"))),
    "half": Scenario("half", Always(Request("GET", "/half"))),
}
"""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


def locust(kind: str, url: str, collector: Collector, mine: Path, client: str) -> None:
    mine.write_text(MINE)
    env = os.environ | {
        "BENCH_SCENARIOS": str(mine),
        "BENCH_LOCUST_CLIENT": client,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_MAX_QUEUE_SIZE": "200000",  # what there is no room for is dropped
    }
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "-u", "4", "-r", "4"]
    command += ["--run-time", "2s", "--otel", "--host", url, "--exit-code-on-error", "0", kind]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "OpenTelemetry enabled" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("client", ["fast", "http"])
def test_each_request_is_one_span(client: str, collector: Collector, tmp_path: Path) -> None:
    with Peer() as peer:
        url = f"http://127.0.0.1:{peer.port}"
        locust("SlowUser", url, collector, tmp_path / "mine.py", client)
        seen = peer.seen["/slow"]
    assert len(collector.spans) == collector.durations == seen >= 4
    assert {span.name for span in collector.spans} == {"GET /slow"}
    took_ms = [(span.end_time_unix_nano - span.start_time_unix_nano) / 1e6 for span in collector.spans]
    assert min(took_ms) >= 250  # for so long the server waits
    (attributes,) = {
        tuple(sorted((one.key, one.value.WhichOneof("value")) for one in span.attributes))
        for span in collector.spans
    }
    assert dict(attributes)["http.response.status_code"] == "int_value"


def test_a_request_that_is_dropped_is_a_span_with_an_error(collector: Collector, tmp_path: Path) -> None:
    with Peer() as peer:
        locust("HalfUser", f"http://127.0.0.1:{peer.port}", collector, tmp_path / "mine.py", "fast")
        seen = peer.seen["/half"]
    states = Counter(span.status.code for span in collector.spans)
    assert (states.total(), states[StatusCode.ERROR.value]) == (seen, seen // 2)


def fake_context(response: Response, address: Address) -> dict[str, Any]:
    """What a request event carries, as far as a span needs it."""
    channel = SimpleNamespace(address=address)
    transport = SimpleNamespace(channel=channel, request=Request("GET", "/items/7"), response=response)
    return {"transport": transport}


def test_a_span_has_the_requests_times_and_the_conventions_names() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("test")
    event: dict[str, Any] = {
        "request_type": "GET",
        "name": "/items/{id}",
        "response_time": 12.5,
        "start_time": 100.25,
    }
    there = Address("127.0.0.1", 8000)
    add_span(tracer, **event, context=fake_context(Response(200, b""), there), response_length=9)
    add_span(tracer, **event, context=fake_context(Response(0, b""), there), exception=OSError("dropped"))
    right, wrong = kept.get_finished_spans()
    assert (right.name, right.kind) == ("GET /items/{id}", SpanKind.CLIENT)
    assert (right.start_time, right.end_time) == (100_250_000_000, 100_262_500_000)
    assert dict(right.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": 8000,
        "url.full": "http://127.0.0.1:8000/items/7",
    }
    assert (wrong.status.status_code, wrong.status.description) == (StatusCode.ERROR, "dropped")
    assert (wrong.attributes or {})["error.type"] == "OSError"
    assert "http.response.status_code" not in (wrong.attributes or {})
