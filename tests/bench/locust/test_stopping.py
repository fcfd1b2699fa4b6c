"""Over several processes the counts at the stop are the server's, to the request."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.system.ports import free_port
from tests.bench.engines.peer import BEHAVIOURS, Behaviour, Peer, answer
from tests.bench.program import poll, start

LOCUSTFILE = Path(__file__).parents[3] / "locustfile.py"
SCENARIOS = """
from scenarios.model import Request, Scenario
from scenarios.single import Always

SCENARIOS = {path: Scenario(path, Always(Request("GET", f"/{path}"))) for path in ("ok", "late")}
"""
LATE_S = 0.9
"""Longer than the half second for which Locust's master waits when it quits."""
LOCUST = (sys.executable, "-m", "locust")


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer({**BEHAVIOURS, "/late": Behaviour((answer(),), wait_s=LATE_S)}) as peer:
        yield peer


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(SCENARIOS)
    monkeypatch.setenv("BENCH_SCENARIOS", str(path))
    return path


def words(peer: Peer, *more: str) -> list[str]:
    return ["-f", str(LOCUSTFILE), "--host", f"http://127.0.0.1:{peer.port}", *more]


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize("path", ["ok", "late"])
def test_processes_count_what_the_server_counts(path: str, peer: Peer, tmp_path: Path) -> None:
    load = ("--headless", "--processes", "2", "-u", "4", "-r", "4", "--run-time", "2s")
    file, prefix = tmp_path / "figures.json", tmp_path / "table"
    port = str(free_port())
    files = ("--json-file", str(file.with_suffix("")), "--csv", str(prefix))
    ports = ("--master-bind-port", port, "--master-port", port)
    command = [*LOCUST, *words(peer, *load, *files, *ports, f"{path.title()}User")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    (entry,) = json.loads(file.read_text())
    assert (entry["num_requests"], entry["num_failures"]) == (peer.seen[f"/{path}"], 0), done.stderr
    assert peer.seen[f"/{path}"] >= 4
    rows = csv.DictReader(Path(f"{prefix}_stats.csv").read_text().splitlines())
    assert {row["Request Count"] for row in rows} == {str(peer.seen[f"/{path}"])}
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("mine")
def test_ctrl_c_leaves_out_no_request(peer: Peer, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    port = str(free_port())
    load = ("--headless", "--processes", "2", "-u", "4", "-r", "4", "--json-file", str(file.with_suffix("")))
    ports = ("--master-bind-port", port, "--master-port", port)
    command = [*LOCUST, *words(peer, *load, *ports, "LateUser")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as child:
        try:
            poll(lambda: peer.seen["/late"] >= 8)
            os.killpg(child.pid, signal.SIGINT)  # as a terminal does
            said = child.communicate(timeout=30)[1]
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
    (entry,) = json.loads(file.read_text())
    assert (entry["num_requests"], entry["num_failures"]) == (peer.seen["/late"], 0), said


def ask(web: int, path: str, form: str | None = None) -> Any:
    data = form.encode() if form is not None else None
    with urllib.request.urlopen(f"http://127.0.0.1:{web}{path}", data=data, timeout=30) as answer:
        return json.load(answer)


def counted(web: int) -> dict[str, int]:
    """The requests by name, of the page that Locust does not keep for two seconds."""
    with urllib.request.urlopen(f"http://127.0.0.1:{web}/stats/requests/csv", timeout=30) as answer:
        return {
            row["Name"]: int(row["Request Count"])
            for row in csv.DictReader(answer.read().decode().splitlines())
        }


def states(web: int) -> list[str] | None:
    try:
        return [worker["state"] for worker in ask(web, "/stats/requests").get("workers", [])]
    except OSError:
        return None


@pytest.mark.usefixtures("mine")
def test_stop_in_the_ui_counts_all_and_the_next_start_need_not_wait(peer: Peer, tmp_path: Path) -> None:
    web, port = free_port(), str(free_port())
    master = ("--master", "--web-host", "127.0.0.1", "--web-port", str(web), "--master-bind-port", port)
    worker = ("--worker", "--master-port", port)
    with (
        start(*words(peer, *master, "LateUser"), cwd=tmp_path, program=LOCUST) as leader,
        start(*words(peer, *worker, "LateUser"), cwd=tmp_path, program=LOCUST) as one,
        start(*words(peer, *worker, "LateUser"), cwd=tmp_path, program=LOCUST) as two,
    ):
        poll(lambda: states(web) == ["ready", "ready"])
        for _ in range(2):  # the second test begins with counts of its own
            peer.seen.clear()
            ask(web, "/swarm", "user_count=4&spawn_rate=4")
            poll(lambda: peer.seen["/late"] >= 6)
            ask(web, "/stop", "")
            assert counted(web) == {"/late": peer.seen["/late"], "Aggregated": peer.seen["/late"]}
            assert poll(lambda: states(web) == ["ready", "ready"], within_s=5)
        leader.send_signal(signal.SIGTERM)
        assert [child.wait(20) for child in (leader, one, two)] == [0, 0, 0]
