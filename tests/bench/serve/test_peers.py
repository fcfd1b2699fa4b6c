"""The peers in other languages: they must do the same work as the app, or nothing can be compared."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.engines.inprocess import InProcess
from bench.measure.answers import check_answers
from bench.plan.config import load_setups
from bench.serve import commands
from bench.serve.server import Server, serving
from bench.system.processes import Processes
from scenarios import SCENARIOS
from scenarios.model import Request
from target_app.main import create_app
from tests.target_app.settings import settings_of

PEERS = {"node-http": "node", "go-net-http": "go"}
PATHS = (
    "/bench/noop/async",
    "/bench/json/model?size=50",
    "/bench/json/model",
    "/bench/io/async?ms=1",
    "/bench/ping",
)
REFUSED = {
    "/bench/nowhere": 404,
    "/bench/json/model?size=1001": 422,
    "/bench/io/async?ms=-1": 422,
    "/bench/io/async?ms=x": 422,
}


@pytest.fixture(scope="module", params=PEERS)
def peer(
    request: pytest.FixtureRequest, processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One of them, from a harness in a folder whose name has a space in it."""
    if shutil.which(PEERS[request.param]) is None:
        pytest.skip(f"{PEERS[request.param]} is not installed")
    setup = load_setups()[request.param]
    there = tmp_path_factory.mktemp("a harness")
    shutil.copytree(Path(commands.__file__).with_name("peers"), there / "serve" / "peers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "_BENCH", there)
        with serving(setup, processes) as running:
            yield running


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    url = f"sqlite:///{tmp_path_factory.mktemp('app') / 'app.db'}"
    with InProcess(create_app(settings_of(bench=True, database_url=url))) as inside:
        yield inside


def test_setups_name_the_program_that_they_need() -> None:
    assert {name: setup.needs for name, setup in load_setups().items() if setup.needs} == PEERS


@pytest.mark.parametrize("name", ["noop-async", "json-model", "io-async"])
def test_a_peer_gives_the_answers_that_scenarios_expect(name: str, peer: Server) -> None:
    check_answers(SCENARIOS[name], peer)


def test_a_peer_answers_as_the_app_does(peer: Server, app: InProcess) -> None:
    for path in PATHS:
        with urllib.request.urlopen(peer.url + path, timeout=10) as answer:
            assert answer.headers["Content-Type"] == "application/json"
            assert json.load(answer) == json.loads(app.send(Request("GET", path)).body)


def test_a_peer_refuses_what_the_app_refuses(peer: Server, app: InProcess) -> None:
    for path, status in REFUSED.items():
        assert app.send(Request("GET", path)).status == status
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(peer.url + path, timeout=10)
        refused.value.close()
        assert refused.value.code == status
