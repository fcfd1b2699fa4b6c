"""The program that leads a crowd: commands come by standard input, the scenario from either of two kinds of file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from bench.engines.job import Job
from bench.model.address import Address
from bench.model.plan import ClosedLoad
from bench.model.samples import read
from bench.system.home import own_command
from tests.bench.engines.outcomes import outcomes
from tests.bench.engines.peer import Peer

LOCUSTFILE = """
import socket

from locust import User
from scenarios.model import Request, Scenario
from scenarios.single import Always

assert "gevent" not in socket.socket.__module__, "uvloop needs Python's own sockets"

class MyUser(User):
    scenario = Scenario("mine", Always(Request("GET", "/ok", name="mine")))
"""


def run(job: Job, folder: Path, *commands: dict[str, object]) -> tuple[list[dict[str, object]], str]:
    """The messages of a process that is given some commands at once, and its errors."""
    path = folder / "job"
    job.write(path)
    lines = "".join(json.dumps(command) + "\n" for command in commands)
    done = subprocess.run(
        own_command("bench.engines.crowd_program", str(path)),
        input=lines,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line], done.stderr


def test_the_scenario_may_be_that_of_a_class_in_a_locustfile(tmp_path: Path, peer: Peer) -> None:
    file = tmp_path / "locustfile.py"
    file.write_text(LOCUSTFILE)
    job = Job(
        Address("127.0.0.1", peer.port),
        "mine",
        ClosedLoad(0, 0.0, 0.0),
        tmp_path / "rows.samples",
        scenarios_file=file,
        user_class="MyUser",
    )
    run(job, tmp_path, {"users": 2, "every_s": 0.0, "abandon": False})
    rows = read(job.samples)
    assert rows.labels == ("mine",)
    assert len(rows.outcome) >= 2


def test_without_a_command_it_leaves_an_empty_file_and_ends(tmp_path: Path, peer: Peer) -> None:
    job = Job(Address("127.0.0.1", peer.port), "ping", ClosedLoad(0, 0.0, 0.0), tmp_path / "rows.samples")
    messages, errors = run(job, tmp_path)
    assert messages == [{"ready": True}]
    assert errors == ""
    assert outcomes(read(job.samples)) == {}
    assert peer.connections == 0
