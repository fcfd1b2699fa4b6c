"""Apps of every kind under every server: without a lifespan, WSGI, in folders of their own, behind a prefix."""

from __future__ import annotations

import json
import os
import resource
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.errors import ServerError
from bench.model.plan import Setup
from bench.observe.process_tree import ProcessTree
from bench.serve.server import Server, serving
from bench.system.processes import Processes

SERVERS = {
    "uvicorn": Setup("mine", "uvicorn"),
    "gunicorn": Setup("mine", "gunicorn"),
    "gunicorn-asgi": Setup("mine", "gunicorn", worker="asgi", http="own"),
    "granian": Setup("mine", "granian", http="own"),
    "hypercorn": Setup("mine", "hypercorn", http="h11"),
}
WSGI_SERVERS = {
    "uvicorn": Setup("mine", "uvicorn"),
    "gunicorn": Setup("mine", "gunicorn"),
    "gunicorn with threads": Setup("mine", "gunicorn", worker="gthread"),
    "granian": Setup("mine", "granian", http="own"),
    "hypercorn": Setup("mine", "hypercorn", http="h11"),
}

ASGI = """
import json, os, sys

async def app(scope, receive, send):
    if scope["type"] != "http":
        raise ValueError(f"can only handle http, not {scope['type']}")
    told = {
        "root": scope.get("root_path"), "pid": os.getpid(), "path": scope["path"], "cwd": os.getcwd(), "file": __file__,
        "home": [name for name in sys.modules if name.partition(".")[0] in ("bench", "scenarios", "target_app")],
    }
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})
"""
WSGI = """
import json

def make():
    def app(environ, start_response):
        told = {"root": environ["SCRIPT_NAME"], "path": environ["PATH_INFO"]}
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(told).encode()]
    return app

app = make()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which holds the apps `mine:app` and `mine_wsgi:app` and no environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (tmp_path / "mine.py").write_text(ASGI)
    (tmp_path / "mine_wsgi.py").write_text(WSGI)
    (tmp_path / "gunicorn.conf.py").write_text("raise RuntimeError('a stray configuration')")
    return tmp_path


def told(server: Server, path: str = "/") -> Any:
    with urllib.request.urlopen(server.url + path, timeout=5) as answer:
        return json.loads(answer.read())


@pytest.mark.parametrize("setup", SERVERS.values(), ids=SERVERS)
def test_an_app_that_knows_no_lifespan_is_served_by_every_server(
    setup: Setup, processes: Processes, folder: Path
) -> None:
    with serving(replace(setup, app="mine:app", health="/x"), processes) as server:
        found = told(server, "/y%20z")
        assert workers(server) == {found.pop("pid")}
    assert found == {
        "root": "",
        "path": "/y z",
        "cwd": str(folder),
        "file": str(folder / "mine.py"),
        "home": [],
    }


@pytest.mark.parametrize("name", ["uvicorn", "gunicorn", "gunicorn-asgi"])
def test_with_lifespan_on_such_an_app_is_an_error(name: str, processes: Processes, folder: Path) -> None:
    setup = replace(SERVERS[name], app="mine:app", health="/", lifespan="on", ready_within_s=5)
    with pytest.raises(ServerError, match="not lifespan"), serving(setup, processes):
        pass


@pytest.mark.parametrize("setup", WSGI_SERVERS.values(), ids=WSGI_SERVERS)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_wsgi_app_is_served_by_every_server(
    workers: int, setup: Setup, processes: Processes, folder: Path
) -> None:
    setup = replace(setup, app="mine_wsgi:app", health="/", interface="wsgi", workers=workers)
    with serving(setup, processes) as server:
        assert told(server, "/a") == {"root": "", "path": "/a"}
        assert len(ProcessTree(server.pid).workers(server.port)) == workers


@pytest.mark.parametrize("setup", WSGI_SERVERS.values(), ids=WSGI_SERVERS)
def test_a_wsgi_app_may_come_from_a_factory_and_a_folder_of_its_own(
    setup: Setup, processes: Processes, folder: Path
) -> None:
    (folder / "src").mkdir()
    (folder / "mine_wsgi.py").rename(folder / "src" / "mine_wsgi.py")
    setup = replace(setup, app="mine_wsgi:make()", health="/", interface="wsgi", app_dir="src")
    with serving(setup, processes) as server:
        assert told(server)["path"] == "/"


@pytest.mark.parametrize("setup", SERVERS.values(), ids=SERVERS)
def test_an_app_hears_of_the_prefix_that_a_proxy_would_cut_off(
    setup: Setup, processes: Processes, folder: Path
) -> None:
    with serving(replace(setup, app="mine:app", health="/x", root_path="/api"), processes) as server:
        assert told(server)["root"] == "/api"


@pytest.mark.parametrize("setup", SERVERS.values(), ids=SERVERS)
def test_a_service_runs_in_its_own_folder_and_is_imported_from_its_source_folder(
    setup: Setup, processes: Processes, folder: Path
) -> None:
    """In front of a module of the same name in the folder itself."""
    place = folder / "services" / "shop"
    (place / "src" / "shop").mkdir(parents=True)
    (place / "src" / "shop" / "main.py").write_text(ASGI)
    (place / "shop").mkdir()
    (place / "shop" / "main.py").write_text("raise RuntimeError('the wrong one')")
    setup = replace(setup, app="shop.main:app", health="/", cwd=str(place), app_dir="src")
    with serving(setup, processes) as server:
        found = told(server)
    assert (found["cwd"], found["file"]) == (str(place), str(place / "src/shop/main.py"))


def test_a_folder_that_is_not_there_is_named(processes: Processes, folder: Path) -> None:
    setup = Setup("mine", "uvicorn", app="mine:app", cwd=str(folder / "nowhere"))
    with pytest.raises(ServerError, match=rf"^setup 'mine': cwd: {folder}/nowhere is no folder"):
        serving(setup, processes).__enter__()


# --- prepare

PREPARED = """
import os
note = open(os.path.join(os.environ["DATA"], "prepared")).read()

async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": note.encode()})
"""
PREPARE = """
import json, os, sys
with open(os.path.join(os.environ["DATA"], "prepared"), "w") as file:
    json.dump({"argv": sys.argv[1:], "cwd": os.getcwd(), "python": sys.executable}, file)
"""


def test_a_command_runs_before_the_server_in_its_folder_and_environment(
    processes: Processes, folder: Path
) -> None:
    (folder / "prepared.py").write_text(PREPARED)
    (folder / "seed.py").write_text(PREPARE)
    setup = Setup(
        "mine",
        "uvicorn",
        app="prepared:app",
        health="/",
        env={"DATA": "{tmp}"},
        prepare=("python", "seed.py", "{port}", "{tmp}/x"),
    )
    with serving(setup, processes) as server:
        found = told(server)
        tmp = str(server.log.parent)
    assert found == {"argv": [str(server.port), f"{tmp}/x"], "cwd": str(folder), "python": sys.executable}


FAILING = {
    "it ends badly": (
        "print('no such table'); raise SystemExit(3)",
        "ended with status 3; its output:\n    no such table",
    ),
    "it never ends": (
        "import time; print('still at it', flush=True); time.sleep(60)",
        "took longer than ready_within_s = 0.5; its output:\n    still at it",
    ),
}


@pytest.mark.parametrize(("code", "why"), FAILING.values(), ids=FAILING)
def test_a_command_that_fails_is_an_error_with_the_end_of_its_output(
    code: str, why: str, processes: Processes, folder: Path
) -> None:
    setup = Setup("mine", "uvicorn", app="mine:app", prepare=("python", "-c", code), ready_within_s=0.5)
    before = processes.children
    with pytest.raises(ServerError) as caught, serving(setup, processes):
        pass
    assert str(caught.value).startswith("setup 'mine': prepare: python -c ")
    assert str(caught.value).endswith(why)
    assert processes.children == before


def test_a_command_that_is_not_there_is_named(processes: Processes, folder: Path) -> None:
    setup = Setup("mine", "uvicorn", app="mine:app", prepare=("no-such-program",))
    with pytest.raises(ServerError, match="no-such-program cannot be started"), serving(setup, processes):
        pass


# --- slow to start

SLOW = """
import asyncio, contextlib
from fastapi import FastAPI

@contextlib.asynccontextmanager
async def lifespan(app):
    await asyncio.sleep(1.2)
    yield

app = FastAPI(lifespan=lifespan)

@app.get("/")
async def home():
    return {"ok": True}
"""


def test_an_app_that_is_slow_to_start_is_waited_for_as_long_as_its_setup_says(
    processes: Processes, folder: Path
) -> None:
    (folder / "slow.py").write_text(SLOW)
    setup = Setup("slow", "uvicorn", app="slow:app", health="/", ready_within_s=0.6)
    with pytest.raises(ServerError, match="ready_within_s"), serving(setup, processes):
        pass
    with serving(replace(setup, ready_within_s=20), processes) as server:
        assert told(server) == {"ok": True}


# --- open files


@contextmanager
def soft_limit(files: int) -> Iterator[int]:
    """A soft limit of open files for this process; yields the hard one, as far as we raise to it."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    try:
        yield hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


LIMIT = """
import http.server, json, resource, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(resource.getrlimit(resource.RLIMIT_NOFILE)).encode())

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_a_server_may_open_as_many_files_as_the_system_lets_it(processes: Processes) -> None:
    setup = Setup("limited", "command", command=("python", "-c", LIMIT, "{port}"), health="/")
    with soft_limit(len(os.listdir("/dev/fd")) + 64) as hard, serving(setup, processes) as server:
        soft, its_hard = told(server)
    assert its_hard == hard
    assert soft == min(hard, 65_536) if hard != resource.RLIM_INFINITY else soft == 65_536


# --- who is a worker

POOLED = """
import asyncio, contextlib, multiprocessing, os
from concurrent.futures import ProcessPoolExecutor
from fastapi import FastAPI

METHOD = os.environ["METHOD"]
pool = None

@contextlib.asynccontextmanager
async def lifespan(_app):
    global pool
    with ProcessPoolExecutor(2, multiprocessing.get_context(METHOD)) as pool:
        if os.environ["WHEN"] == "startup":
            await start()
        yield

async def start():
    loop = asyncio.get_running_loop()
    return list(await asyncio.gather(*(loop.run_in_executor(pool, os.getpid) for _ in range(8))))

app = FastAPI(lifespan=lifespan)

@app.get("/")
async def quick():
    return {"pid": os.getpid()}

@app.get("/start")
async def late():
    return {"helpers": sorted(set(await start()))}
"""


def workers(server: Server) -> set[int]:
    return set(ProcessTree(server.pid).workers(server.port))


@pytest.mark.parametrize("when", ["startup", "request"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("name", ["uvicorn", "gunicorn", "granian"])
def test_helpers_of_an_app_are_no_workers(
    name: str, method: str, when: str, processes: Processes, folder: Path
) -> None:
    """Forked helpers hold the socket that listens, and the epoll that waits at it, as the worker does."""
    (folder / "pooled.py").write_text(POOLED)
    setup = replace(SERVERS[name], app="pooled:app", health="/", env={"METHOD": method, "WHEN": when})
    with serving(setup, processes) as server:
        helpers = set(told(server, "/start")["helpers"])
        answering = told(server)["pid"]
        assert helpers
        assert {reading.pid for reading in ProcessTree(server.pid).snapshot().processes} >= helpers
        assert workers(server) == {answering}


def answering(server: Server, ask: Callable[[Server], int], count: int) -> set[int]:
    """The processes that answer on connections of their own, until there are so many of them."""
    found: set[int] = set()
    for _ in range(500):
        found.add(ask(server))
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize("setup", SERVERS.values(), ids=SERVERS)
def test_each_of_several_workers_is_one_and_their_supervisor_is_none(
    setup: Setup, processes: Processes, folder: Path
) -> None:
    with serving(replace(setup, app="mine:app", health="/", workers=3), processes) as server:
        found = workers(server)
        assert len(found) == 3
        assert server.pid not in found
        assert answering(server, lambda one: int(told(one)["pid"]), 2) <= found
