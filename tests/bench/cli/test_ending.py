"""How a run ends: a server that ends in a cell, or that answers nothing but errors, is a failure of the run."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cli._ending import exit_status
from bench.measure.store import read_run
from bench.model.record import Failure, Record
from tests.bench.builders import record, run
from tests.bench.program import bench, bench_here

SERVER = """
import os, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

right, then = int(sys.argv[2]), sys.argv[3]
count, lock = 0, threading.Lock()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        global count
        if self.path == "/hello":
            with lock:
                count += 1
        broken = self.path == "/hello" and count > right
        if broken and then == "end":
            print("out of memory", file=sys.stderr, flush=True)
            os._exit(7)
        self.send_response(500 if broken else 200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
"""It answers so many requests rightly, the check among them, and then it ends, or answers 500 for ever."""

SETUPS = """
[ends]
server = "command"
command = ["python", "my_server.py", "{port}", "12", "end"]
health = "/"

[fails]
extends = "ends"
command = ["python", "my_server.py", "{port}", "3", "fail"]
"""

SCENARIOS = """
from scenarios.model import Request, Scenario, contains

def hello(rng):
    yield Request("GET", "/hello", check=contains(b"hello"))

SCENARIOS = {name: Scenario(name, hello) for name in ("one", "two")}
"""


STRETCHES = ("--long", "--stretch", "0.2", "--warmup", "0.1")
LANES = ("--minutes", "0.05")


def measured(
    setup: str, folder: Path, *scenarios: str, how: tuple[str, ...] = STRETCHES
) -> subprocess.CompletedProcess[str]:
    """Scenarios on the one start of a server, for 0.2 s each, or in slices."""
    (folder / "my_server.py").write_text(SERVER)
    (folder / "setups.toml").write_text(SETUPS)
    (folder / "mine.py").write_text(SCENARIOS)
    return bench(
        *("run", "smoke", "--setups", "setups.toml", "--scenarios", "mine.py", "--out", "out"),
        *("--setup", setup, *(word for name in scenarios for word in ("--scenario", name))),
        *("--engine", "native", "--users", "2", "--rounds", "1", *how),
        cwd=folder,
    )


@pytest.mark.parametrize("scenarios", [("one",), ("one", "two")], ids=["in the last cell", "in the first"])
def test_a_server_that_ends_in_a_cell_fails_the_run_and_the_cell_is_kept(
    scenarios: tuple[str, ...], tmp_path: Path
) -> None:
    done = measured("ends", tmp_path, *scenarios)
    assert done.returncode == 1
    assert (
        "failed: setup 'ends': the server ended with status 7; its log:\n    out of memory\n" in done.stderr
    )
    left = read_run(tmp_path / "out")
    (kept,) = left.records
    assert not kept.valid
    assert kept.summary.errors > 0
    (failure,) = left.failures  # one for the server, whatever was still to be measured on it
    assert (failure.setup, failure.repeat) == ("ends", 0)
    counted = [line[:11] for line in done.stderr.splitlines() if line.startswith("[")]
    assert counted == ["[round 1/1]"] * 3, "the cell, the failure, and the end of the round"
    assert bench_here("report", "out", cwd=tmp_path).returncode == 0


def test_a_server_that_ends_while_its_lanes_are_loaded_fails_the_run(tmp_path: Path) -> None:
    done = measured("ends", tmp_path, "one", "two", how=LANES)
    assert done.returncode == 1
    assert "failed: setup 'ends': the server ended with status 7; its log:\n    out of memory" in done.stderr
    left = read_run(tmp_path / "out")
    assert (left.records, len(left.failures)) == ((), 1), "one for the server, however many lanes it had"
    assert "Traceback" not in done.stderr
    assert bench_here("report", "out", cwd=tmp_path).returncode == 0


def test_lanes_with_nothing_but_errors_fail_the_run(tmp_path: Path) -> None:
    done = measured("fails", tmp_path, "one", how=LANES)
    assert done.returncode == 1
    (kept,) = read_run(tmp_path / "out").records
    assert not kept.valid
    assert kept.summary.errors_by_kind == {"status-500": kept.summary.requests}
    assert set(kept.slices.requests) == {0}
    assert f"all {kept.summary.requests:,} requests failed" in done.stderr


def test_a_server_that_answers_nothing_but_errors_fails_the_run(tmp_path: Path) -> None:
    """Three right answers: the check and two of the warm-up. The check of the second scenario fails by itself."""
    done = measured("fails", tmp_path, "one", "two")
    assert done.returncode == 1
    (kept,) = read_run(tmp_path / "out").records
    count = kept.summary.requests
    assert kept.summary.errors_by_kind == {"status-500": count}
    where = f"fails / {kept.cell.scenario} / native / 2 users"
    assert f"failed: {where}: all {count:,} requests failed ({count:,} status-500)\n" in done.stderr
    assert len(read_run(tmp_path / "out").failures) == 1


# --- the status, of made-up runs -----------------------------------------------------------------


def failing(scenario: str, repeat: int = 0, **kinds: int) -> Record:
    """A record of which nothing was right."""
    made = record(scenario=scenario, throughput=0.0, repeat=repeat, errors=sum(kinds.values()), valid=False)
    named = {kind.replace("_", "-"): count for kind, count in kinds.items()}
    return replace(made, summary=replace(made.summary, errors_by_kind=named))


def test_a_run_with_right_answers_everywhere_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    some_errors = record(errors=20, valid=False)
    assert exit_status(run(record(), some_errors)) == 0
    assert capsys.readouterr().err == ""


def test_a_run_without_a_record_is_not_well() -> None:
    assert exit_status(run()) == 1


def test_each_cell_without_a_right_answer_is_named_once_with_its_repeats(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = failing("a", status_500=5000), failing("a", 1, status_500=200, refused=31), failing("b", timeout=1)
    assert exit_status(run(record(), *bad)) == 1
    assert capsys.readouterr().err.splitlines() == [
        "failed: uvicorn / a / native / 32 users: all 5,231 requests failed (5,200 status-500, 31 refused)",
        "failed: uvicorn / b / native / 32 users: the only request failed (1 timeout)",
    ]


def test_answers_that_all_came_too_late_are_no_right_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Of an open load, those who were due are answered after the end; of a closed one, nobody is due any more."""
    late = record(throughput=0.0)
    late = replace(late, summary=replace(late.summary, requests=7, under_way=(0, 7)))
    stuck = record(scenario="b", throughput=0.0)
    stuck = replace(stuck, summary=replace(stuck.summary, under_way=(2, 2)))
    assert exit_status(run(late, stuck)) == 1
    assert [line.rpartition(": ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "no answer arrived in the measured part"
    ] * 2


def test_a_cell_to_which_nothing_came_is_not_its_failure() -> None:
    """An open load so slow that nobody arrived."""
    idle = record(throughput=0.0)
    assert exit_status(run(replace(idle, summary=replace(idle.summary, under_way=(0, 0))))) == 0


def test_failures_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    told = replace(run(failing("a", reset=2)), failures=(Failure("uvicorn", 0, "it ended"),))
    assert exit_status(told) == 1
    assert [line.rpartition(": ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "it ended",
        "all 2 requests failed (2 reset)",
    ]


def test_a_search_for_a_capacity_ends_with_its_server(tmp_path: Path) -> None:
    """A dead server would hold no rate; that is not what its capacity is."""
    (tmp_path / "my_server.py").write_text(SERVER)
    (tmp_path / "setups.toml").write_text(SETUPS)
    (tmp_path / "mine.py").write_text(SCENARIOS)
    files = ("--setups", "setups.toml", "--scenarios", "mine.py", "--out", "out")
    done = bench("capacity", "ends", "one", "--duration", "0.5", "--max-rate", "100", *files, cwd=tmp_path)

    assert done.returncode == 1
    assert "ended with status 7" in done.stderr
    assert "out of memory" in done.stderr
    assert len(read_run(tmp_path / "out").records) == 1
