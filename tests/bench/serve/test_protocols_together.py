"""Protocols upon each other, under all engines: WebSockets by TLS and over Unix sockets, streams by TLS and HTTP/2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect, unix_connect

from bench.engines import launch
from bench.engines.bursts import Bursts, run_bursts
from bench.engines.job import Job
from bench.measure.answers import check_answers
from bench.model.plan import ClosedLoad
from bench.model.recording import gather
from bench.model.samples import OK, Samples
from bench.plan.config import load_setups
from bench.serve.server import Server, serving
from bench.system import tls
from bench.system.processes import Processes
from scenarios import SCENARIOS

LOAD = ClosedLoad(2, 0.5, 0.1)
ENGINES = ("native", "locust", "locust-http")
WAYS: dict[str, dict[str, Any]] = {
    "TLS": {"tls": True},
    "Unix": {"bind": "unix"},
    "TLS on Unix": {"bind": "unix", "tls": True},
}
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
    if engine != "lane":
        watch = launch.Watch(lambda: None, lambda: None, lambda _: None)
        return gather(launch.run(engine, [job], processes, watch)[0])

    async def drive() -> Samples:
        bursts = Bursts(job, SCENARIOS[scenario].session, 2)
        await bursts.closed(8)
        return bursts.close()

    return run_bursts(drive())


@pytest.fixture(scope="module", params=[*WAYS])
def chatting(request: pytest.FixtureRequest, processes: Processes) -> Iterator[Server]:
    setup = replace(load_setups()["uvicorn"], **WAYS[request.param])
    with serving(setup, processes) as running:
        yield running


def test_a_library_for_websockets_is_answered(chatting: Server) -> None:
    address, path = chatting.address, "/bench/ws/async"
    context = tls.context(address.tls) if address.tls else None
    scheme = "wss" if context else "ws"
    opened = (
        unix_connect(address.socket, f"{scheme}://localhost{path}", ssl=context, server_hostname="localhost")
        if address.socket and context
        else unix_connect(address.socket, f"ws://localhost{path}")
        if address.socket
        else connect(f"{scheme}://{address.netloc}{path}", ssl=context)
    )
    with opened as one:
        one.send("hello")
        assert "hello" in str(one.recv())


@pytest.mark.parametrize("engine", [*ENGINES, "lane"])
def test_messages_travel_by_every_way(
    engine: str, chatting: Server, tmp_path: Path, processes: Processes
) -> None:
    check_answers(SCENARIOS["ws-async"], chatting)
    rows = load(engine, chatting, "ws-async", tmp_path, processes)
    ended = rows.outcome[rows.outcome != OK]
    assert {rows.outcomes[number] for number in ended} <= {"unfinished"}
    assert len(set(rows.labels)) >= 3, "to open, to talk, to close"
    assert len(rows.outcome) - len(ended) >= 3


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
