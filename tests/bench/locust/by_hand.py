"""Locust as its users start it, with our locustfile and a small one that looks on, against a server that counts."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.system.ports import free_port
from bench.system.waiting import wait_until
from tests.bench.engines.peer import Peer

LOCUSTFILE = Path(__file__).parents[3] / "locustfile.py"
SCENARIOS = """
from scenarios.mix import Mix
from scenarios.model import Request, Scenario
from scenarios.single import Always

PATHS = ("ok", "slow", "half")
SCENARIOS = {path: Scenario(path, Always(Request("GET", f"/{path}")), about=f"Asks for {path}.") for path in PATHS}


def browse(rng):
    yield Request("GET", "/ok")
    answer = yield Request("GET", "/ok", name="GET page")
    if answer.status == 200:
        yield Request("GET", "/ok", name="GET next page")


def buy(rng):
    yield Request("GET", "/ok", name="GET purchase")


JOURNEYS = {
    "journey-shop": Scenario("journey-shop", Mix((3, browse), (1, buy)), about="Looks around and buys."),
    "journey-guest": Scenario("journey-guest", browse),
}
"""
ONLOOKER = """
import json, os
from locust import events

TIMES, MORE = [], {}


@events.request.add_listener
def keep(request_type, name, response_time, **_):
    TIMES.append(response_time)


@events.init.add_listener
def look(environment, **_):
    def leave(**_):
        from bench.locust.stages import rows_of
        facts = {"times": TIMES, "stages": rows_of(environment), "classes": environment.user_classes_by_name.keys()}
        with open(f"{os.environ['LEFT']}/{os.getpid()}.json", "w") as file:
            json.dump(facts, file, default=list)
    environment.events.quit.add_listener(leave)
"""


@dataclass(frozen=True)
class Outcome:
    """What came of a run: exit status, statistics by name, what it printed, and what each process left."""

    status: int
    entries: dict[str, dict[str, Any]]
    said: str
    left: list[dict[str, Any]]

    @property
    def times_ms(self) -> list[float]:
        return [time_ms for one in self.left for time_ms in one["times"]]


@dataclass(frozen=True)
class ByHand:
    """Starts Locust in a folder with scenarios of a user's own, by `command` with the environment `env`."""

    folder: Path
    peer: Peer

    @property
    def env(self) -> dict[str, str]:
        return os.environ | {"BENCH_SCENARIOS": str(self.folder / "mine.py"), "LEFT": str(self.folder)}

    def command(self, *arguments: str) -> list[str]:
        files = f"{LOCUSTFILE},{self.folder / 'onlooker.py'}"
        host = f"http://127.0.0.1:{self.peer.port}"
        port = str(free_port())  # of a master, whom workers of another test must not find
        ports = ("--master-bind-port", port, "--master-port", port)
        return [sys.executable, "-m", "locust", "-f", files, "--host", host, *ports, *arguments]

    def run(self, *arguments: str) -> Outcome:
        """A headless run of 2 users for 2 s, unless the arguments say otherwise."""
        load = ("--headless", "-u", "2", "-r", "2", "--run-time", "2s", "--json", "--only-summary")
        for old in self.folder.glob("*.json"):
            old.unlink()
        done = subprocess.run(
            self.command(*load, *arguments),
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        entries = {entry["name"]: entry for entry in _printed(done.stdout)}
        left = [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]
        return Outcome(done.returncode, entries, done.stderr, left)

    @contextmanager
    def page(self, *arguments: str) -> Iterator[str]:
        """The address of the web UI, which is there for as long as the block lasts."""
        port = free_port()
        command = self.command("--web-host", "127.0.0.1", "--web-port", str(port), *arguments)
        with subprocess.Popen(
            command, env=self.env, cwd=self.folder, stderr=subprocess.PIPE, text=True
        ) as child:
            try:
                assert wait_until(lambda: _listens(port) or child.poll() is not None, 60.0)
                assert child.poll() is None, child.stderr and child.stderr.read()
                yield f"http://127.0.0.1:{port}"
            finally:
                child.terminate()
                child.communicate(timeout=30)


def lay_out(folder: Path, *, journeys: bool = False) -> None:
    """Write the files of a run into a folder; with `journeys` its scenarios have some."""
    more = "SCENARIOS.update(JOURNEYS)\n" if journeys else ""
    (folder / "mine.py").write_text(SCENARIOS + more)
    (folder / "onlooker.py").write_text(ONLOOKER)


def _printed(text: str) -> Iterator[dict[str, Any]]:
    """The entries of all lists that processes printed one after the other; those of workers are empty."""
    place = text.find("[")
    while place >= 0:
        entries, end = json.JSONDecoder().raw_decode(text, place)
        yield from entries
        place = text.find("[", end)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
