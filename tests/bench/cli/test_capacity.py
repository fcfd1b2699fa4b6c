"""`bench capacity` as a user runs it, against real servers: a search, its ends, and a run over workers."""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path

import pytest

from bench.stats.format import whole
from tests.bench.program import MINE, bench, bench_here, lay_out, read_until, start

QUICK = ("--duration", "0.1", "--patience", "0", *MINE[:4])
CALM = ("--slo", "p99<20s")
"""What even a busy machine holds."""

LIMITED = """
import sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock, allowed, at = threading.Lock(), 10.0, time.monotonic()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        global allowed, at
        with lock:
            now = time.monotonic()
            allowed, at = min(10.0, allowed + 100 * (now - at)), now
            good = allowed >= 1 or self.path == "/health"
            allowed -= good and self.path != "/health"
        self.send_response(200 if good else 503)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass

ThreadingHTTPServer.request_queue_size = 1000  # of five, whoever comes with many others tries again a second later
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
"""A server that answers 100 requests a second by its clock, ten at once, and refuses the rest: however busy the machine
is, that is its capacity."""

SETUP = """
[limited]
server = "command"
command = ["python", "limited.py", "{port}"]
health = "/health"

[raw]
server = "uvicorn"
app = "bench.machine.bare_app:app"
health = "/"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lay_out(tmp_path)
    (tmp_path / "limited.py").write_text(LIMITED)
    with (tmp_path / "setups.toml").open("a") as file:
        file.write(SETUP)
    return tmp_path


def facts(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "out" / "run.json").read_text())
    return found


def test_the_capacity_of_a_server_that_refuses_more_is_found(folder: Path) -> None:
    """Ten at once spare it a little more than 100 a second in a short trial."""
    asked = ("--slo", "errors<3%", "--slo", "p99<20s", "--tolerance", "50", "--json", "--out", "out")
    done = bench("capacity", "limited", "front-page", *asked, *QUICK, cwd=folder)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["limit"] == "service"
    assert 50 < said["arrivals_per_s"] < 180
    lines = done.stderr.splitlines()
    seed = facts(folder)["seed"]
    assert lines[0].endswith(f"(limited, front-page, seed {seed}); writing out")
    assert seed != 1  # drawn, of two billion
    assert any(": failed: errors " in line and "(errors<3%)" in line for line in lines)
    assert any(line.startswith("confirming ") and ": held, " in line for line in lines)
    records = [json.loads(line) for line in (folder / "out" / "records.jsonl").read_text().splitlines()]
    assert [record["cell"]["load"]["kind"] for record in records] == ["closed"] + ["open"] * (
        len(records) - 1
    )
    assert facts(folder)["finished"] is True
    assert facts(folder)["capacity"] == said
    confirming = Counter(
        (line.split()[1], ": held, " in line) for line in lines if line.startswith("confirming ")
    )
    assert (
        Counter(
            {
                (whole(one["arrivals_per_s"]), held): one["held" if held else "failed"]
                for one in said["confirmations"]
                for held in (True, False)
            }
        )
        == confirming
    )
    assert said["held"] >= said["failed"]
    assert sum(confirming.values()) >= 8


def test_the_result_is_told_in_words_and_in_a_table(folder: Path) -> None:
    done = bench(
        *(
            "capacity",
            "plain",
            "front-page",
            "--max-rate",
            "40",
            *CALM,
            *QUICK,
            "--seed",
            "7",
            "--out",
            "out",
        ),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert facts(folder)["seed"] == 7
    first, *_ = done.stdout.splitlines()
    assert first.startswith(
        "plain holds at least 40.0 arrivals/s. Of front-page, with p99<20s and errors<0.1%"
    )
    assert "held in 2 of 2 trials of " in first
    assert "\n  caveat few-samples: p99 rests on " in done.stdout
    assert "\nTrials\n" in done.stdout
    assert done.stdout.endswith("report: out/report.html\n")
    again = bench_here("report", "out", cwd=folder)
    assert (again.returncode, again.stdout) == (0, "out/report.html\n")


def test_what_cannot_be_held_is_status_1_and_said(folder: Path) -> None:
    never = ("--slo", "max<1us", "--slo", "errors<50%")
    done = bench("capacity", "plain", "front-page", *never, *QUICK, "--out", "out", cwd=folder)
    assert done.returncode == 1
    assert done.stdout.startswith("plain does not hold the objectives at any rate tried. ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("broken front-page", "setup 'broken': the server ended with status 1"),
        ("plain wrong-body", "GET /wrong-body answered wrong-body: hello"),
    ],
    ids=["no server", "wrong answers"],
)
def test_a_search_that_cannot_go_on_is_a_failure_of_the_run(line: str, sentence: str, folder: Path) -> None:
    done = bench("capacity", *line.split(), *QUICK, "--out", "out", cwd=folder)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert facts(folder)["finished"] is False
    assert sentence in json.loads((folder / "out" / "failures.jsonl").read_text())["error"]
    assert bench_here("report", "out", cwd=folder).returncode == 0


def test_an_interrupted_search_keeps_its_trials(folder: Path) -> None:
    command = ("capacity", "plain", "front-page", *CALM, *QUICK, "--out", "out")
    with start(*command, cwd=folder) as child:
        read_until(child, "arrivals/s for")
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=10)[1]
    assert child.returncode == 130
    assert "the cells so far are in out; `bench report out` charts them\n" in said
    assert (facts(folder)["finished"], facts(folder)["interrupted"]) == (False, True)
    assert bench_here("report", "out", cwd=folder).returncode == 0
    assert "The search was cut short" in (folder / "out" / "report.md").read_text()


def test_workers_are_measured_and_the_law_is_fitted(folder: Path) -> None:
    workers = ("--workers", "3,1,2", "--repeats", "1", "--duration", "0.2", "--out", "out")
    done = bench("capacity", "raw", "ping", *workers, *MINE[:2], cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "\nThroughput by the number of workers\n" in done.stdout
    found = facts(folder)["scaling"]
    assert isinstance(found, dict)
    assert list(found["throughput_rps"]) == ["1", "2", "3"]
    assert found["lambda_rps"] > 0
    assert (found["held_back_by"] == "cores") is (found["cpus"] < 3)
    records = [json.loads(line) for line in (folder / "out" / "records.jsonl").read_text().splitlines()]
    measured = {record["cell"]["setup"]: len(record["resources"]["workers"]) for record in records}
    assert measured == {"raw-workers-1": 1, "raw-workers-2": 2, "raw-workers-3": 3}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("uvicron io-async", "unknown setup 'uvicron'; did you mean"),
        ("uvicorn io-asnyc", "unknown scenario 'io-asnyc'; did you mean 'io-async'?"),
        ("uvicorn io-async --slo p99<50", "a response time has a unit"),
        ("uvicorn io-async --workers 1,2", "at least 3 numbers of workers are needed"),
        ("uvicorn io-async --workers 1,2,x", "--workers 1,2,x: give numbers of workers"),
        ("uvicorn io-async --workers 1,2,4 --slo p99<9ms", "leave --slo out"),
        (
            "plain front-page --setups setups.toml --scenarios my_scenarios.py --workers 1,2,4",
            "its number of workers is not ours to set",
        ),
    ],
)
def test_wrong_usage_is_one_sentence_and_status_2(line: str, sentence: str, folder: Path) -> None:
    done = bench_here("capacity", *line.split(), cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (folder / "reports").exists()
