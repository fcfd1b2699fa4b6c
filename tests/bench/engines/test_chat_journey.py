"""A journey with a login, rows, an upload and a WebSocket, under every driver: each counts what the server counts."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from bench.engines.inprocess import InProcess
from bench.engines.job import Job
from bench.measure.answers import check_answers
from bench.model.plan import ClosedLoad, Setup
from bench.model.samples import Samples
from bench.serve.server import Server, serving
from bench.system.processes import Processes
from bench.system.waiting import wait_until
from scenarios import shares
from scenarios.files import load
from scenarios.model import drive
from tests.bench.engines import chatroom
from tests.bench.engines.driving import run_burst, run_engine
from tests.bench.program import bench

HERE = Path(__file__).parent
USERS = 4
STEPS = ("POST /photos", "GET /chat", "WS /chat", "WS-CLOSE /chat")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the file, and of its rows, elsewhere."""
    monkeypatch.setenv(shares.FOLDER, str(tmp_path / "shares"))
    shutil.copy(HERE / "people.csv", tmp_path)
    return Path(shutil.copy(HERE / "chat_journey.py", tmp_path))


@pytest.fixture
def server(processes: Processes) -> Iterator[Server]:
    setup = Setup("room", "uvicorn", app="chatroom:app", app_dir=str(HERE), cwd=str(HERE))
    with serving(setup, processes) as running:
        yield running


def counts(server: Server) -> Counter[str]:
    with urllib.request.urlopen(f"{server.url}/counts", timeout=5) as answer:
        return Counter(json.loads(answer.read()))


def outcomes(samples: Samples) -> Counter[tuple[str, str]]:
    return Counter(
        (samples.labels[label], samples.outcomes[outcome])
        for label, outcome in zip(samples.label, samples.outcome, strict=True)
    )


DRIVERS: dict[str, Callable[[Job, Path, Processes], Samples]] = {
    "native": lambda job, _, processes: run_engine("native", job, processes),
    "lane": lambda job, file, _: run_burst(job, load(file)[job.scenario].session, USERS, 5 * USERS),
    "locust": lambda job, _, processes: run_engine("locust", job, processes),
    "locust-http": lambda job, _, processes: run_engine("locust-http", job, processes),
}


@pytest.mark.parametrize("run", DRIVERS.values(), ids=DRIVERS)
def test_each_driver_counts_what_the_server_counts(
    run: Callable[[Job, Path, Processes], Samples],
    server: Server,
    file: Path,
    processes: Processes,
    tmp_path: Path,
) -> None:
    job = Job(server.address, "visit", ClosedLoad(USERS, 1.0, 0.0), tmp_path / "samples", scenarios_file=file)
    seen = outcomes(run(job, file, processes))
    assert {outcome for _, outcome in seen} <= {"ok", "unfinished"}
    least = Counter({label: count for (label, outcome), count in seen.items() if outcome == "ok"})
    most = least + Counter({label: count for (label, outcome), count in seen.items() if outcome != "ok"})
    assert set(least) == {"POST /login", *STEPS}
    assert least["POST /login"] == USERS
    assert wait_until(lambda: least <= counts(server) <= most, 5), (seen, counts(server))


def test_the_check_and_the_app_in_process_see_the_same(server: Server, file: Path) -> None:
    scenario = load(file)["visit"]
    check_answers(scenario, server)
    wanted = Counter(
        {"POST /login": 1, "POST /photos": 1, "GET /chat": 1, "WS /chat": 2, "WS-CLOSE /chat": 1}
    )
    assert wait_until(lambda: counts(server) == wanted, 5), counts(server)
    chatroom.counts.clear()
    with InProcess(chatroom.app) as inside:
        exchanged = list(drive(scenario.session(Random(0)), inside.send))
    assert [request.fault(response) for request, response in exchanged] == [None] * 6
    assert chatroom.counts == wanted
    assert Counter(request.label for request, _ in exchanged) == wanted


SETUPS = """
[setups.room]
server = "uvicorn"
app = "chatroom:app"
"""


def test_a_run_has_a_row_for_each_step(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = file.parent
    monkeypatch.chdir(folder)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    shutil.copy(HERE / "chatroom.py", folder)
    (folder / "bench.toml").write_text(SETUPS)
    done = bench(
        *("run", "--setup", "room", "--scenario", "visit", "--scenarios", str(file), "--users", "2"),
        *("--rounds", "1", "--minutes", "0.05", "--out", "run"),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    report = (folder / "run" / "report.md").read_text()
    kept = (folder / "run" / "records.jsonl").read_text()
    for step in STEPS:
        assert step in report
        assert step in kept
