"""`python -m bench` as a user runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import contextlib
import io
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from bench.cli import main

T = TypeVar("T")

SERVER = """
import os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        if self.path == "/die":
            os._exit(3)
        print(self.path, file=sys.stderr)
        time.sleep(pause_s)
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass

# With a mark file from an earlier start it is slow; it leaves one itself.
mark = sys.argv[2] if len(sys.argv) > 2 else None
pause_s = 0.02 if mark and os.path.exists(mark) else 0
if mark:
    open(mark, "w").close()
ThreadingHTTPServer.request_queue_size = 1000  # not 5: a client that finds the queue full tries again a second later
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
"""A server that could be in any language: it answers `hello`, and writes each path to its log."""

SETUPS = """
[plain]
about = "a server of my own"
server = "command"
command = ["python", "my_server.py", "{port}"]
health = "/"

[moody]
extends = "plain"
command = ["python", "my_server.py", "{port}", "mark"]

[broken]
server = "command"
command = ["python", "-c", "raise SystemExit('no luck')"]
"""

SCENARIOS = """
from scenarios.model import Request, Scenario, contains

def get(rng):
    yield Request("GET", "/", check=contains(b"hello"))

def wrong_status(rng):
    yield Request("GET", "/wrong-status", expect=201)

def wrong_body(rng):
    yield Request("GET", "/")
    yield Request("GET", "/wrong-body", check=contains(b"goodbye"))
    yield Request("GET", "/never")

def die(rng):
    yield Request("GET", "/die")

def raises(rng):
    raise ValueError("no such luck")
    yield

def empty(rng):
    return
    yield

def victim(rng):
    yield Request("GET", "/victim", expect=201)

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("front-page", get, about="The page of my own server.", tags=("pages", "quick")),
        Scenario("wrong-status", wrong_status),
        Scenario("wrong-body", wrong_body),
        Scenario("die", die),
        Scenario("raises", raises),
        Scenario("empty", empty),
        Scenario("wrong-victim", get, victim=victim),
    )
}
"""

PLANS = """
[tiny]
about = "a plan of my own"
setups = ["plain"]
scenarios = ["front-page"]
users = [2]
warmup_s = 0
stretch_s = 0.2
"""

MINE = ("--setups", "setups.toml", "--scenarios", "my_scenarios.py", "--plans", "plans.toml")


def lay_out(folder: Path) -> None:
    """Put a user's own server, setups, scenarios and plans into a folder."""
    (folder / "my_server.py").write_text(SERVER)
    (folder / "setups.toml").write_text(SETUPS)
    (folder / "my_scenarios.py").write_text(SCENARIOS)
    (folder / "plans.toml").write_text(PLANS)


def bench(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "fastapi_bench", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def bench_here(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, which saves the start of Python: for commands that start no process."""
    out, err = io.StringIO(), io.StringIO()
    handlers = {signum: signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGHUP)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["bench", *arguments])
        patch.setattr(sys, "path", [*sys.path])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.chdir(cwd):
            try:
                main()
            except SystemExit as ended:
                status = ended.code
            finally:
                for signum, handler in handlers.items():
                    signal.signal(signum, handler)
    assert isinstance(status, int)
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def start(
    *arguments: str, cwd: Path, program: Sequence[str] = (sys.executable, "-m", "fastapi_bench")
) -> Iterator[subprocess.Popen[str]]:
    """Start a command that goes on; killed, with all that it started, if the test leaves it running."""
    command = [*program, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=cwd, stdout=pipe, stderr=pipe, text=True) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                root = psutil.Process(child.pid)
                for process in (*root.children(recursive=True), root):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()


def poll(look: Callable[[], T | None], within_s: float = 20.0) -> T:
    """Call `look` until it finds something, and give that. Fails when the time is over."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        if found := look():
            return found
        time.sleep(0.01)
    raise AssertionError(f"nothing was found in {within_s:g} s")


def lives(process: psutil.Process) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def read_until(child: subprocess.Popen[str], word: str) -> str:
    """Read a command's standard error up to the line that holds a word; kill the command after 30 s."""
    assert child.stderr is not None
    text = ""
    watchdog = threading.Timer(30.0, child.kill)
    watchdog.start()
    try:
        for line in child.stderr:
            text += line
            if word in line:
                return text
    finally:
        watchdog.cancel()
    raise AssertionError(f"it ended without saying {word!r}:\n{text}")
