"""Every feature at once, under a real server with a Valkey of its own: the setup that comes along."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import httpx2
import pytest

from bench.plan.config import load_setups
from bench.serve.server import serving
from bench.system.processes import Processes
from scenarios import SCENARIOS
from scenarios.model import Request, Response, drive


@pytest.fixture(scope="module")
def client(processes: Processes) -> Iterator[httpx2.Client]:
    """A client of the server, under its name."""
    with (
        serving(load_setups()["uvicorn-all-on"], processes) as server,
        httpx2.Client(base_url=server.url, timeout=60) as client,
    ):
        yield client


@pytest.mark.parametrize(
    "name",
    [
        "journey-browser",
        "journey-editor",
        "auth-login",
        "auth-me",
        "cache-revalidate",
        "gzip",
        "limited",
        "reports",
    ],
)
def test_scenarios_are_served(client: httpx2.Client, name: str) -> None:
    def send(request: Request) -> Response:
        answer = client.request(
            request.method, request.path, content=request.body, headers=dict(request.headers)
        )
        head = "".join(f"\r\n{key}: {value}" for key, value in answer.headers.items())
        return Response(answer.status_code, answer.content, head.encode())

    exchanged = list(drive(SCENARIOS[name].flow(Random(2)), send))
    assert exchanged
    assert [request.fault(response) for request, response in exchanged] == [None] * len(exchanged)


def test_each_feature_leaves_its_mark_on_one_answer(client: httpx2.Client) -> None:
    headers = {"Accept-Encoding": "zstd", "Origin": "https://shop.example", "X-Request-ID": "mine"}
    answer = client.get("/bench/gzip?size=4000", headers=headers)
    marks = {
        "content-encoding": "zstd",
        "access-control-allow-origin": "https://shop.example",
        "x-request-id": "mine",
        "x-frame-options": "DENY",
        "ratelimit-limit": "1000000",
        "cache-control": "no-cache",
    }
    assert {name: answer.headers.get(name) for name in marks} == marks
    assert answer.headers["etag"].startswith('W/"')
    assert answer.num_bytes_downloaded < 1700
    assert client.get("/bench/ping", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/api/v1/items").status_code == 401
    assert client.get("/health/ready").status_code == 200
