"""Real servers, each started in an environment that means it harm, and everything that can keep one from starting."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.errors import ServerError, UsageError
from bench.model.plan import Setup
from bench.observe.process_tree import ProcessTree
from bench.plan import config
from bench.serve.server import Server, server_ended, serving
from bench.system.processes import Processes
from tests.bench.program import lives

SHIPPED = config.load_setups()

HOSTILE = {
    "WEB_CONCURRENCY": "5",
    "FORWARDED_ALLOW_IPS": "*",
    "GUNICORN_CMD_ARGS": "--workers 5",
    "UVICORN_WORKERS": "5",
    "GRANIAN_WORKERS": "5",
    "HYPERCORN_WORKERS": "5",
}

# A server of a user's own: answers 200, or the status it is told, with its environment and arguments as JSON.
PLAIN = """
import http.server, json, os, sys
port, *rest = sys.argv[1:]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"env": dict(os.environ), "argv": sys.argv, "executable": sys.executable}).encode()
        self.send_response(int(rest[0]) if rest else 200)
        self.end_headers()
        self.wfile.write(body)
print("about to listen", flush=True)
http.server.HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
"""
PLAIN_SETUP = Setup("plain", "command", command=("python", "-c", PLAIN, "{port}"), health="/")


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes() as owner:
        yield owner


@contextmanager
def at_home(folder: Path) -> Iterator[None]:
    """A working directory and an environment such as one finds on a machine where these servers are at home."""
    (folder / "gunicorn.conf.py").write_text("raise RuntimeError('a stray configuration')")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for key, value in HOSTILE.items():
            patch.setenv(key, value)
        yield


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    with at_home(tmp_path):
        yield tmp_path


def fetched(server: Server, path: str) -> Any:
    with urllib.request.urlopen(f"{server.url}{path}", timeout=5) as answer:
        return json.loads(answer.read())


def tree(server: Server) -> list[psutil.Process]:
    root = psutil.Process(server.pid)
    return [root, *root.children(recursive=True)]


KINDS = {
    "uvicorn": (SHIPPED["uvicorn"], "uvloop", "httptools"),
    "uvicorn, both fallbacks, two workers": (
        replace(SHIPPED["uvicorn-asyncio-h11"], workers=2),
        "asyncio",
        "h11",
    ),
    "gunicorn with uvicorn's worker": (SHIPPED["gunicorn-2"], "uvloop", "httptools"),
    "gunicorn with its own worker": (SHIPPED["gunicorn-asgi-2"], "uvloop", "built-in"),
    "granian": (SHIPPED["granian-2"], "uvloop", "built-in"),
    "hypercorn": (SHIPPED["hypercorn-1"], "uvloop", "h11"),
}


@dataclass(frozen=True)
class Look:
    """What a server was like while it ran, and what was left of it."""

    health: Any
    info: Any
    workers: tuple[int, ...]
    had_database: bool
    left: list[psutil.Process]
    left_folder: bool


def looked_at(setup: Setup, processes: Processes) -> Look:
    with serving(setup, processes) as server:
        health, info = fetched(server, "/health/live"), fetched(server, "/bench/info")
        workers = ProcessTree(server.pid).workers(server.port)
        members, folder = tree(server), server.log.parent
        had_database = (folder / "app.db").is_file()
    left = [process for process in members if lives(process)]
    return Look(
        health=health,
        info=info,
        workers=workers,
        had_database=had_database,
        left=left,
        left_folder=folder.exists(),
    )


@pytest.fixture(scope="module")
def looks(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Future[Look]]:
    """Of each kind; two start at a time, as there are two processors."""
    with at_home(tmp_path_factory.mktemp("home")), ThreadPoolExecutor(2) as pool:
        return {name: pool.submit(looked_at, setup, processes) for name, (setup, *_) in KINDS.items()}


@pytest.mark.parametrize("name", KINDS)
def test_a_server_runs_as_its_setup_says_and_leaves_nothing(
    name: str, looks: dict[str, Future[Look]]
) -> None:
    setup, loop, parser = KINDS[name]
    look = looks[name].result()
    assert look.health == {"status": "ok"}
    assert (look.info["loop"], look.info["http_parser"]) == (loop, parser)
    assert setup.server in look.info["server"].split("+")
    assert len(look.workers) == setup.workers
    assert look.info["pid"] in look.workers
    assert look.had_database
    assert look.left == []
    assert not look.left_folder


LATE_WORKERS = {
    "told by their probes": SHIPPED["uvicorn-4"],
    "told by their processes": Setup(
        "light", "uvicorn", workers=4, app="bench.machine.bare_app:app", health="/"
    ),
}


@pytest.mark.parametrize("setup", LATE_WORKERS.values(), ids=LATE_WORKERS)
def test_the_block_begins_when_the_last_worker_is_up(setup: Setup, processes: Processes) -> None:
    with serving(setup, processes) as server:
        written = list((server.log.parent / "probe").glob("*.jsonl"))
        assert len(ProcessTree(server.pid).workers(server.port)) == 4
    assert len(written) == (4 if "APP_PROBE_DIR" in setup.env else 0)


# A server whose second worker is late by more than the first needs to answer, and notes when it is up.
LATE = """
import http.server, os, sys, time
port, folder = int(sys.argv[1]), sys.argv[2]
os.makedirs(folder)
def note():
    open(os.path.join(folder, f"{os.getpid()}.jsonl"), "w").close()
if os.fork() == 0:
    time.sleep(0.5)
    note()
    time.sleep(60)
note()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def test_a_worker_that_is_late_is_waited_for(processes: Processes) -> None:
    setup = replace(
        PLAIN_SETUP,
        command=("python", "-c", LATE, "{port}", "{tmp}/probe"),
        workers=2,
        env={"APP_PROBE_DIR": "{tmp}/probe"},
    )
    with serving(setup, processes) as server:
        assert len(list((server.log.parent / "probe").glob("*.jsonl"))) == 2


def test_a_command_of_ones_own_is_filled_in_and_scrubbed(processes: Processes, elsewhere: Path) -> None:
    setup = replace(
        PLAIN_SETUP,
        command=("{python}", "-c", PLAIN, "{port}", "200", "{host}:{port}", "{tmp}/x"),
        env={"DATA": "{tmp}/data", "PORT": "{port}"},
    )
    with serving(setup, processes) as server:
        told = fetched(server, "/")
        folder = str(server.log.parent)
        assert told["argv"][1:] == [str(server.port), "200", f"127.0.0.1:{server.port}", f"{folder}/x"]
        assert (told["env"]["DATA"], told["env"]["PORT"]) == (f"{folder}/data", str(server.port))
        assert server.setup.env == {"DATA": f"{folder}/data", "PORT": str(server.port)}
        assert HOSTILE.keys() & told["env"].keys() == set()
        assert told["env"]["PATH"].endswith(os.environ["PATH"])


def test_python_in_a_command_is_this_one(processes: Processes) -> None:
    with serving(PLAIN_SETUP, processes) as server:
        assert fetched(server, "/")["executable"] == sys.executable


def test_a_setups_own_environment_wins_over_the_scrubbing(processes: Processes) -> None:
    with serving(replace(PLAIN_SETUP, env={"UVICORN_MINE": "1"}), processes) as server:
        assert fetched(server, "/")["env"]["UVICORN_MINE"] == "1"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system pins no processes")
def test_a_setups_own_cpus_win_over_those_of_the_run(processes: Processes) -> None:
    first, *_, last = sorted(os.sched_getaffinity(0)) * 2
    with serving(PLAIN_SETUP, processes, cpus=(first,)) as server:
        assert (server.cpus, psutil.Process(server.pid).cpu_affinity()) == ((first,), [first])
    with serving(replace(PLAIN_SETUP, cpus=(last,)), processes, cpus=(first,)) as server:
        assert (server.cpus, psutil.Process(server.pid).cpu_affinity()) == ((last,), [last])


def test_it_is_stopped_when_the_block_raises(processes: Processes) -> None:
    with pytest.raises(KeyboardInterrupt), serving(PLAIN_SETUP, processes) as server:
        raise KeyboardInterrupt

    assert server.exit_status() == -signal.SIGTERM
    assert not server.log.exists()


def test_a_server_that_ended_is_told_with_its_log(processes: Processes) -> None:
    with serving(PLAIN_SETUP, processes) as server:
        assert server.exit_status() is None
        psutil.Process(server.pid).kill()
        while server.exit_status() is None:
            pass
        error = str(server_ended(server))

    assert error.startswith("setup 'plain': the server ended with status -9; its log:\n    about to listen\n")


# --- what can go wrong

LIFESPAN = """
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    raise RuntimeError("there is no database")
    yield

app = FastAPI(lifespan=lifespan)
"""
BROKEN_APPS = {
    "import, uvicorn": (Setup("broken", "uvicorn", app="absent:app"), "absent"),
    "lifespan, uvicorn": (Setup("broken", "uvicorn", app="broken:app"), "there is no database"),
    "lifespan, uvicorn with two workers": (
        Setup("broken", "uvicorn", workers=2, app="broken:app"),
        "there is no database",
    ),
    "lifespan, gunicorn": (Setup("broken", "gunicorn", app="broken:app"), "there is no database"),
    "lifespan, hypercorn": (Setup("broken", "hypercorn", app="broken:app"), "there is no database"),
    "lifespan, granian": (Setup("broken", "granian", app="broken:app"), "there is no database"),
}


@pytest.mark.parametrize(("setup", "why"), BROKEN_APPS.values(), ids=BROKEN_APPS)
def test_an_app_that_cannot_start_is_an_error_that_holds_the_reason(
    setup: Setup, why: str, processes: Processes, elsewhere: Path
) -> None:
    (elsewhere / "broken.py").write_text(LIFESPAN)
    before = psutil.Process().children(recursive=True)
    with pytest.raises(ServerError) as caught, serving(replace(setup, ready_within_s=10), processes):
        pass

    assert str(caught.value).startswith("setup 'broken': ")
    assert why in str(caught.value)
    assert [process for process in psutil.Process().children(recursive=True) if process not in before] == []


def test_a_cpu_that_is_not_there_is_named(processes: Processes) -> None:
    with (
        pytest.raises(UsageError, match=r"^setup 'plain': cpus: there is no CPU 4096;"),
        serving(replace(PLAIN_SETUP, cpus=(4096,)), processes),
    ):
        pass


SLOW = ("{python}", "-c", "import time; print('still thinking', flush=True); time.sleep(60)")
UNREADY = {
    "no such program": (("no-such-program", "{port}"), "no-such-program cannot be started: No such file"),
    "it never listens": (SLOW, "its log:\n    still thinking"),
    "its health is bad": (("python", "-c", PLAIN, "{port}", "500"), "GET / gave status 500 for 0.5 s "),
    "it ends": (
        ("python", "-c", "print('farewell')"),
        "the server ended with status 0; its log:\n    farewell",
    ),
    "it ends without a word": (("python", "-c", ""), "its log:\n    (nothing was written)"),
}


@pytest.mark.parametrize(("command", "why"), UNREADY.values(), ids=UNREADY)
def test_a_server_that_is_not_ready_in_time_is_an_error(
    command: tuple[str, ...], why: str, processes: Processes
) -> None:
    setup = replace(PLAIN_SETUP, command=command, ready_within_s=0.5)
    with pytest.raises(ServerError) as caught, serving(setup, processes):
        pass

    said = str(caught.value)
    assert said.startswith(f"setup 'plain': {why}") or said.endswith(why)
    assert ("ready_within_s" in said) == (" for 0.5 s" in said)


SPEAKS_HTTP_1 = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection = listener.accept()[0]
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\\r\\nConnection: close\\r\\n\\r\\n")
    connection.close()
"""


def test_one_that_does_not_speak_the_http2_that_its_setup_says_is_told_so(processes: Processes) -> None:
    command = ("python", "-c", SPEAKS_HTTP_1, "{port}")
    setup = replace(PLAIN_SETUP, command=command, http2=True, ready_within_s=4.0)
    with pytest.raises(ServerError) as caught, serving(setup, processes):
        pass
    assert "GET / gave garbage: an answer of HTTP/1.1 to HTTP/2 for 4 s" in str(caught.value)


def test_another_server_on_the_port_is_not_taken_for_ours(processes: Processes) -> None:
    with (
        serving(PLAIN_SETUP, processes) as other,
        pytest.raises(ServerError, match=rf"^setup 'plain': port {other.port} .*in use"),
        serving(PLAIN_SETUP, processes, port=other.port),
    ):
        pass


@pytest.mark.parametrize("words", [PLAIN_SETUP.command, ("python", "-c", "raise SystemExit('no luck')")])
def test_a_log_is_kept_whether_the_server_starts_or_not(
    words: tuple[str, ...], processes: Processes, tmp_path: Path
) -> None:
    setup = replace(PLAIN_SETUP, command=words, env={"MY_TOKEN": "listen"})
    kept = tmp_path / "logs" / "mine.log"
    try:
        with serving(setup, processes, kept_log=kept):
            assert not kept.exists()
    except ServerError:
        assert kept.read_text() == "no luck\n"
    else:
        assert kept.read_text().startswith("about to ***\n")
