"""A server, a master and workers on hosts of their own, and what they told at the end."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.system.waiting import wait_until
from tests.bench.locust.networks import COUNTING, SLOW_LINK, Host, python, running

ROOT = Path(__file__).parents[3]
SCENARIO = """
from scenarios.model import Request, Scenario
from scenarios.single import Always

SCENARIOS = {"fleet": Scenario("fleet", Always(Request("GET", "/")))}
"""
TELLER = """
import json, os, time
from pathlib import Path

from locust import events
from locust.runners import MasterRunner

from bench.locust import fleet

def tell(environment, **_):
    if isinstance(environment.runner, MasterRunner):
        total, stats = environment.stats.total, environment.stats
        Path(os.environ["TOLD"]).write_text(json.dumps({
            "figures": [vars_of(one) for one in fleet.fleet_figures(environment)],
            "caveats": [[one.code, one.text] for one in fleet.fleet_caveats(environment)],
            "requests": total.num_requests,
            "failures": total.num_failures,
            "rps": total.total_rps,
            "span_s": stats.last_request_timestamp - stats.start_time,
            "seconds": sorted(total.num_reqs_per_sec),
            "percentiles": {p: total.get_response_time_percentile(p) for p in (0.5, 0.9, 0.99, 0.999)},
            "now_ns": time.monotonic_ns(),
            "now_s": time.time(),
        }))

def vars_of(one):
    return {name: getattr(one, name) for name in type(one).__slots__}

@events.init.add_listener
def begin(environment, **_):
    events.quitting.add_listener(tell)
"""
"""Locust's own figures and the fleet's, as they are when a master ends."""

WRITER = """
import os, time
from pathlib import Path

from locust import events
from locust.runners import WorkerRunner

from bench.locust import fleet
from bench.model.samples import OK, SampleFile, tag

spool = Path(os.environ["SPOOL"])
spool.mkdir(exist_ok=True)
written = []

def start(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        written[:] = [SampleFile(spool / f"{fleet.run_number(environment)}-{os.getpid()}.samples")]

def add(request_type, name, response_time, exception=None, start_time=0.0, **_):
    file = written[0]
    sent_ns = int(start_time * 1e9) + time.monotonic_ns() - time.time_ns()
    done_ns = sent_ns + int(response_time * 1e6)
    outcome = OK if exception is None else file.outcome(str(exception))
    file.append((sent_ns, 0, sent_ns, done_ns, done_ns, tag(file.label(name), outcome, os.getpid())))

def stop(environment, **_):
    if written:
        now_ns = time.monotonic_ns()
        written[0].close(start_ns=now_ns - 10**9, end_ns=now_ns, shed=0, cpu_s=0.0)

@events.init.add_listener
def begin(environment, **_):
    fleet.gather_samples_in(environment, spool)
    fleet.send_samples_from(environment, spool)
    events.test_start.add_listener(start)
    events.request.add_listener(add) if isinstance(environment.runner, WorkerRunner) else None
    events.test_stop.add_listener(stop)
"""
"""A worker that writes rows of its own, and a master that gathers them."""
ANSWER_S = 0.02
WORKERS, USERS = 4, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a fleet told: the master's account, its exit status and log, and the server's counts by address."""

    told: Mapping[str, Any]
    status: int
    log: str
    counts: Mapping[str, int]
    hosts: Sequence[Host]
    folder: Path


class Fleet:
    """A server on the first host, a master on the second, workers on the others; Locust loads these pieces of code."""

    def __init__(self, hosts: Sequence[Host], folder: Path, *pieces: str) -> None:
        self.server, self.master, *self.workers = hosts
        self.folder = folder
        files = [str(ROOT / "locustfile.py")]
        for number, piece in enumerate(pieces):
            files.append(str(folder / f"piece_{number}.py"))
            Path(files[-1]).write_text(piece)
        self.locust = (sys.executable, "-m", "locust", "-f", ",".join(files), "FleetUser")
        (folder / "scenarios.py").write_text(SCENARIO)

    def env(self, name: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
        own = {"SPOOL": str(self.folder / name), "TOLD": str(self.folder / "told.json")}
        path = os.pathsep.join([*([more["PYTHONPATH"]] if more else []), str(ROOT)])
        scenarios = {"BENCH_SCENARIOS": str(self.folder / "scenarios.py")}
        return {**os.environ, **own, **scenarios, "PYTHONPATH": path}

    def start(self, command: list[str], name: str, env: Mapping[str, str] | None = None) -> Any:
        words = ["nice", "-n", "19", *command]
        return running(words, self.folder / f"{name}.log", env or self.env(name), cwd=self.folder)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        self.server.add_address("10.213.7.101", "wire")
        words = python(COUNTING, "0.0.0.0", "8000", str(ANSWER_S), str(self.folder / "counts.json"))
        with self.start(self.server.command(*words), "server"):
            assert wait_until(lambda: "ready" in self.log("server"), 20)
            yield

    @contextlib.contextmanager
    def slow_link(self, host: Host, delay_s: float) -> Iterator[None]:
        """A host's way to the server and to the master takes longer, each way."""
        self.master.add_address("10.213.7.102", "wire")
        for address in (self.server.address, self.master.address):
            host.add_address(address, "lo")
        links = [
            f"{self.server.address}:8000=10.213.7.101:8000",
            f"{self.master.address}:5557=10.213.7.102:5557",
        ]
        with self.start(host.command(*python(SLOW_LINK, str(delay_s), *links)), "link"):
            assert wait_until(lambda: "ready" in self.log("link"), 20)
            yield

    def worker(self, number: int, *, monotonic_s: int = 0, env: Mapping[str, str] | None = None) -> Any:
        words = [*self.locust, "--worker", "--master-host", self.master.address]
        command = self.workers[number].command(*words, monotonic_s=monotonic_s)
        return self.start(command, f"worker-{number}", self.env(f"worker-{number}", env))

    def lead(self, run_time: str, *options: str) -> Any:
        words = (
            *self.locust,
            *("--master", "--headless", "--expect-workers", str(WORKERS), "-u", str(USERS), "-r", str(USERS)),
            *("--run-time", run_time, "--host", f"http://{self.server.address}:8000", "--only-summary"),
            *options,
        )
        return self.start(self.master.command(*words), "master")

    def outcome(self, status: int, hosts: Sequence[Host]) -> Outcome:
        told = self.folder / "told.json"
        assert told.exists(), self.log("master")
        return Outcome(
            told=json.loads(told.read_text()),
            status=status,
            log=self.log("master"),
            counts=json.loads((self.folder / "counts.json").read_text()),
            hosts=hosts,
            folder=self.folder,
        )
