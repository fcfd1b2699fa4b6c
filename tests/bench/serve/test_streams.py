"""Streams by TLS and over HTTP/2, under all engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.engines.job import Job
from bench.measure.answers import check_answers
from bench.model.plan import ClosedLoad
from bench.model.samples import OK, Samples
from bench.plan.config import load_setups
from bench.serve.server import Server, serving
from bench.system.processes import Processes
from scenarios import SCENARIOS
from tests.bench.engines.driving import run_burst, run_engine

LOAD = ClosedLoad(2, 0.5, 0.1)
ENGINES = ("native", "locust", "locust-http")
STREAMING: dict[str, tuple[str, dict[str, Any]]] = {
    "TLS": ("uvicorn", {"tls": True}),
    "HTTP/2": ("granian-1-http2", {}),
    "HTTP/2 by TLS": ("hypercorn-1-http2", {"tls": True}),
}


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes() as owner:
        yield owner


def load(engine: str, server: Server, scenario: str, folder: Path, processes: Processes) -> Samples:
    job = Job(server.address, scenario, LOAD, folder / "samples")
    if engine == "lane":
        return run_burst(job, SCENARIOS[scenario].session, 2, 8)
    return run_engine(engine, job, processes)


@pytest.fixture(scope="module", params=[*STREAMING])
def streaming(request: pytest.FixtureRequest, processes: Processes) -> Iterator[Server]:
    name, given = STREAMING[request.param]
    with serving(replace(load_setups()[name], **given), processes) as running:
        yield running


@pytest.mark.parametrize("engine", [*ENGINES, "lane"])
def test_first_bytes_and_gaps_of_streams_are_seen(
    engine: str, streaming: Server, tmp_path: Path, processes: Processes
) -> None:
    """The server waits 5 ms before each event; a generator that is held up meanwhile reads several as one piece."""
    check_answers(SCENARIOS["sse-async"], streaming)
    rows = load(engine, streaming, "sse-async", tmp_path, processes)
    right = rows.rows(rows.outcome == OK)
    in_pieces = right.first_ns < right.done_ns
    assert in_pieces.any()
    assert ((right.sent_ns <= right.first_ns) & (right.first_ns <= right.done_ns)).all()
    assert len(rows.gaps.gap_ns) >= in_pieces.sum()
    assert (rows.gaps.gap_ns > 0).all()
