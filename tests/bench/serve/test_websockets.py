"""WebSockets under every server: the twins of the app, by our drivers and by the library `websockets`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from bench.engines.bursts import Bursts, run_bursts
from bench.engines.job import Job
from bench.errors import EngineError
from bench.measure.answers import check_answers
from bench.model.plan import ClosedLoad, Setup
from bench.serve.server import Server, serving
from bench.system.processes import Processes
from scenarios import SCENARIOS
from tests.bench.engines.outcomes import outcomes
from tests.bench.engines.talks import DRIVERS

ENV = {"APP_BENCH": "1", "APP_DATABASE_URL": "sqlite:///{tmp}/app.db", "APP_PROBE_DIR": "{tmp}/probe"}
SERVERS = {
    "uvicorn": Setup("mine", "uvicorn", env=ENV),
    "uvicorn, websockets": Setup("mine", "uvicorn", http="h11", ws="websockets-sansio", env=ENV),
    "uvicorn, wsproto": Setup("mine", "uvicorn", loop="asyncio", ws="wsproto", env=ENV),
    "gunicorn": Setup("mine", "gunicorn", env=ENV),
    "gunicorn, wsproto": Setup("mine", "gunicorn", ws="wsproto", env=ENV),
    "gunicorn-asgi": Setup("mine", "gunicorn", worker="asgi", http="own", env=ENV),
    "granian": Setup("mine", "granian", http="own", env=ENV),
    "hypercorn": Setup("mine", "hypercorn", http="h11", env=ENV),
}
WORDS = ("hello", "", "ä" * 100, "x" * 4000)


@pytest.fixture(params=[*SERVERS])
def server(request: pytest.FixtureRequest, processes: Processes) -> Iterator[Server]:
    with serving(SERVERS[request.param], processes) as running:
        yield running


def test_every_server_answers_messages(server: Server) -> None:
    """The library masks its frames at random, ours are masked with zeros: the answers are the same."""
    for way in ("async", "sync"):
        url = f"ws://127.0.0.1:{server.port}/bench/ws/{way}"
        with connect(url, compression=None) as socket:
            for number, word in enumerate(WORDS):
                socket.send(word)
                assert json.loads(socket.recv(timeout=5)) == {"number": number, "text": word}
        scenario = SCENARIOS[f"ws-{way}"]
        assert check_answers(scenario, server).unchecked == (), "what has no content wants no check"
        labels = [f"GET /bench/ws/{way}", *[f"WS /bench/ws/{way}"] * 20, f"WS-CLOSE /bench/ws/{way}"]
        for drive in DRIVERS.values():
            assert drive(server.port, scenario.session, sessions=2) == 2 * [(label, "ok") for label in labels]


@pytest.mark.parametrize("way", [{"tls": True}, {"bind": "unix"}, {"tls": True, "bind": "unix"}], ids=str)
@pytest.mark.parametrize("name", ["uvicorn", "granian"])
def test_messages_go_by_tls_and_over_sockets(
    name: str, way: dict[str, Any], processes: Processes, tmp_path: Path
) -> None:
    async def burst() -> None:
        await bursts.closed(10)
        bursts.disconnect()

    with serving(replace(SERVERS[name], **way), processes) as running:
        scenario = SCENARIOS["ws-async"]
        check_answers(scenario, running)
        bursts = Bursts(Job(running.address, "ws", ClosedLoad(2, 1), tmp_path / "rows"), scenario.session, 2)
        run_bursts(burst())
    assert outcomes(bursts.close()) == {"ok": 10 * 22}


@pytest.mark.parametrize("name", ["uvicorn", "gunicorn", "granian"])
def test_without_websockets_the_check_says_why(name: str, processes: Processes) -> None:
    setup = replace(SERVERS[name], ws="none")
    with (
        serving(setup, processes) as running,
        pytest.raises(EngineError, match=r'answered status-\d+: its setup has ws = "none"; take that out$'),
    ):
        check_answers(SCENARIOS["ws-async"], running)


APP = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise ValueError
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
"""
WITHOUT = "\nimport sys\nsys.modules['websockets'] = sys.modules['wsproto'] = None\n"
"""Makes an interpreter find neither library."""


def test_a_service_without_a_library_is_told_how_to_install_one(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (tmp_path / "mine.py").write_text(WITHOUT + APP)
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    setup = Setup(
        "mine", "uvicorn", app="mine:app", cwd=str(tmp_path), health="/", env={"PYTHONPATH": str(tmp_path)}
    )
    with (
        serving(setup, processes) as running,
        pytest.raises(
            EngineError, match=r"no WebSocket library for uvicorn; install one there: .* websockets$"
        ),
    ):
        check_answers(SCENARIOS["ws-async"], running)
