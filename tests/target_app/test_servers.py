"""The app under real servers, over real sockets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from http.client import HTTPConnection

import httpx2
import psutil
import pytest

from bench.plan.config import load_setups
from bench.serve.server import Server, serving
from bench.system.processes import Processes
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
    with serving(replace(setup, env={**setup.env, **PATIENT}), processes) as server:
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


@pytest.mark.parametrize(
    "name", ["uvicorn", "uvicorn-asyncio-h11", "gunicorn-1", "gunicorn-asgi-2", "granian-1", "hypercorn-1"]
)
def test_every_server_answers_head_like_get_without_the_body(name: str, processes: Processes) -> None:
    paths = ("/bench/noop/async", "/bench/noop/sync", "/api/v1/items/1", "/nothing")
    with (
        serving(load_setups()[name], processes) as server,
        closing(HTTPConnection(*server.address.place)) as http,
    ):
        for path in paths:
            said = []
            for method in ("GET", "HEAD"):
                http.request(method, path)
                answer = http.getresponse()
                said.append((answer.status, answer.headers["content-type"], answer.headers["content-length"]))
                assert bool(answer.read()) == (method == "GET")
            assert said[0] == said[1]


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


SERVERS = {
    "uvicorn without speed-ups": ("uvicorn-asyncio-h11", "uvicorn", "h11", "asyncio"),
    "gunicorn with uvicorn-worker": ("gunicorn-1", "gunicorn+uvicorn", "httptools", "uvloop"),
    "gunicorn's own worker": ("gunicorn-asgi-2", "gunicorn", "built-in", "uvloop"),
    "granian": ("granian-1", "granian", "built-in", "uvloop"),
    "hypercorn": ("hypercorn-1", "hypercorn", "h11", "uvloop"),
}


@dataclass(frozen=True)
class Look:
    """What a server said while it ran, and its processes, which are gone."""

    info: httpx2.Response
    computed: list[httpx2.Response]
    family: list[psutil.Process]


def looked_at(setup: str, processes: Processes) -> Look:
    with serving(load_setups()[setup], processes) as running, caller(running.url) as client:
        computed = [client.get(f"/bench/cpu/process?n={n}") for n in (5, 6)]
        info = client.get("/bench/info")
        process = psutil.Process(running.pid)
        family = [process, *process.children(recursive=True)]
    assert poll(lambda: not any(map(lives, family)), within_s=10)
    return Look(info, computed, family)


@pytest.fixture(scope="module")
def looks(processes: Processes) -> dict[str, Future[Look]]:
    """Of each server; two start at a time, as there are two processors."""
    with ThreadPoolExecutor(2) as pool:
        return {name: pool.submit(looked_at, setup, processes) for name, (setup, *_) in SERVERS.items()}


@pytest.mark.parametrize("name", SERVERS)
def test_info_names_what_serves(name: str, looks: dict[str, Future[Look]]) -> None:
    """And a process to compute in starts under each server, and ends with it."""
    look, told = looks[name].result(), looks[name].result().info.json()
    assert (told["server"], told["http_parser"], told["loop"]) == SERVERS[name][1:]
    assert told["pid"] == int(look.info.headers["x-worker"])
    assert told["pid"] in [process.pid for process in look.family]
    assert told["thread_tokens"] == 40
    assert [answer.status_code for answer in look.computed] == [200, 200]


def test_process_to_compute_in_ends_with_a_server_that_is_killed(processes: Processes) -> None:
    with serving(load_setups()["uvicorn"], processes) as running:
        with caller(running.url) as client:
            client.get("/bench/cpu/process")
        server = psutil.Process(running.pid)
        (calculator,) = server.children()
        server.kill()
        assert poll(lambda: not lives(calculator), within_s=10)
