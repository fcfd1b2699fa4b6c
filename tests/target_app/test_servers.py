"""The app under real servers, over real sockets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import httpx2
import psutil
import pytest

from bench.config import load_setups
from bench.processes import Processes
from bench.server import Server, serving
from tests.bench.program import lives, poll
from tests.target_app.conftest import caller

ROOTS = ("/api/v1/items", "/api/v1/sync/items")
SEEDED = set(range(1, 21))
PATIENT = {"APP_SEED_ROWS": "20", "APP_POOL_TIMEOUT_S": "60", "APP_BUSY_TIMEOUT_S": "60"}


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes() as running:
        yield running


@pytest.fixture(scope="module")
def two_workers(processes: Processes) -> Iterator[Server]:
    """uvicorn with two workers over one database; nobody is sent away, however slow the machine."""
    setup = load_setups()["uvicorn-2"]
    with serving(replace(setup, env=setup.env | PATIENT), processes) as server:
        yield server


async def all_at_once(server: Server, requests: list[tuple[str, str]]) -> list[httpx2.Response]:
    """The answers to these methods and paths, sent over a hundred connections."""
    body = {"name": "lamp", "price": 1}
    async with httpx2.AsyncClient(base_url=server.url, timeout=60) as client:
        return await asyncio.gather(
            *(
                client.request(method, path, json=body if method == "POST" else None)
                for method, path in requests
            )
        )


def ids(server: Server, root: str) -> list[int]:
    """All ids that a root lists, page by page."""
    with caller(server.url) as client:
        pages = [
            client.get(root, params={"limit": 100, "offset": offset}).json() for offset in range(0, 500, 100)
        ]
    return [item["id"] for page in pages for item in page]


def test_concurrent_changes_through_both_ways_are_all_kept(two_workers: Server) -> None:
    """400 created, 200 of them deleted through the other way, by 2 workers with a writer each for either way."""
    created = asyncio.run(all_at_once(two_workers, [("POST", root) for root in ROOTS] * 200))
    assert Counter(answer.status_code for answer in created) == {201: 400}
    new = [answer.json()["id"] for answer in created]
    assert sorted(new) == list(range(21, 421))
    for root in ROOTS:
        assert ids(two_workers, root) == list(range(1, 421))

    doomed = {answer.headers["location"] for answer in created[:200]}
    swapped = [
        ("DELETE", path.replace("/v1/", "/v1/sync/") if "/sync/" not in path else path.replace("/sync", ""))
        for path in doomed
    ]
    deleted = asyncio.run(all_at_once(two_workers, swapped * 2))
    assert Counter(answer.status_code for answer in deleted) == {204: 200, 404: 200}
    for root in ROOTS:
        assert ids(two_workers, root) == sorted(SEEDED | set(new[200:]))

    workers = {int(answer.headers["x-worker"]) for answer in created + deleted}
    assert 1 <= len(workers) <= 2
    assert workers <= {child.pid for child in psutil.Process(two_workers.pid).children(recursive=True)}


@pytest.mark.parametrize(
    ("name", "server", "http_parser", "loop"),
    [
        pytest.param("uvicorn-asyncio-h11", "uvicorn", "h11", "asyncio", id="uvicorn without speed-ups"),
        pytest.param(
            "gunicorn-1", "gunicorn+uvicorn", "httptools", "uvloop", id="gunicorn with uvicorn-worker"
        ),
        pytest.param("gunicorn-asgi-2", "gunicorn", "built-in", "uvloop", id="gunicorn's own worker"),
        pytest.param("granian-1", "granian", "built-in", "uvloop", id="granian"),
        pytest.param("hypercorn-1", "hypercorn", "h11", "uvloop", id="hypercorn"),
    ],
)
def test_info_names_what_serves(
    processes: Processes, name: str, server: str, http_parser: str, loop: str
) -> None:
    """And a process to compute in starts under each server, and ends with it."""
    with serving(load_setups()[name], processes) as running, caller(running.url) as client:
        computed = [client.get(f"/bench/cpu/process?n={n}") for n in (5, 6)]
        answer = client.get("/bench/info")
        family = psutil.Process(running.pid).children(recursive=True)
    told = answer.json()
    assert (told["server"], told["http_parser"], told["loop"]) == (server, http_parser, loop)
    assert told["pid"] == int(answer.headers["x-worker"])
    assert told["pid"] in (running.pid, *(child.pid for child in family))
    assert told["thread_tokens"] == 40
    assert [answer.status_code for answer in computed] == [200, 200]
    assert poll(lambda: not any(map(lives, family)), within_s=10)


def test_process_to_compute_in_ends_with_a_server_that_is_killed(processes: Processes) -> None:
    with serving(load_setups()["uvicorn"], processes) as running:
        with caller(running.url) as client:
            client.get("/bench/cpu/process")
        server = psutil.Process(running.pid)
        (calculator,) = server.children()
        server.kill()
        assert poll(lambda: not lives(calculator), within_s=10)
