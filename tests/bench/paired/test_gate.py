"""`bench ab` as its user meets it: a repository, commits, real servers, an exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

APP = """
import asyncio
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    status, body = await answer(scope["path"])
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})

async def answer(path):
    if path == "/waits":
        await asyncio.sleep(0.002)
    return (200, b"hello") if path in ("/waits", "/calm") else (404, b"")
"""
SCENARIOS = """
from scenarios.model import Request, Scenario, contains

def asking(path):
    def flow(rng):
        yield Request("GET", path, check=contains(b"hello"))
    return flow

SCENARIOS = {name: Scenario(name, asking("/" + name)) for name in ("waits", "calm")}
"""
SETUPS = '[mine]\nserver = "uvicorn"\napp = "my_app:app"\nhealth = "/calm"\n'
MINE = ("mine", "--setups", "setups.toml", "--scenarios", "my_scenarios.py")
SHORT = ("--seconds", "10", "--pairs", "7")  # six of one sign are not yet evidence


class Repository:
    """A repository of a tiny app, whose first commit is `base`; the working tree is what is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "setups.toml").write_text(SETUPS)
        (folder / "my_scenarios.py").write_text(SCENARIOS)
        self.app(APP)
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        for arguments in (("init", "-q", "-b", "base"), ("add", "-A"), (*who, "commit", "-q", "-m", "base")):
            subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True)

    def app(self, source: str) -> None:
        (self.folder / "my_app.py").write_text(source)

    def ab(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bench", "ab", *MINE, *arguments]
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=200, check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_waiting_is_found_and_confirmed_in_the_scenario_that_waits(repository: Repository) -> None:
    """Two milliseconds more of waiting are no instructions; throughput and latency double and halve."""
    repository.app(APP.replace("0.002", "0.004"))
    done = repository.ab("--base", "base", "--scenario", "waits", *SHORT, "--format", "json", "--raw", "raw")
    assert done.stdout, done.stderr
    rows = {row["metric"]: row for row in json.loads(done.stdout)["rows"]}
    assert rows["throughput"]["verdict"] == "regressed"
    assert rows["p50"]["verdict"] == "regressed"
    assert 0.4 < rows["throughput"]["low"] <= rows["throughput"]["ratio"] <= rows["throughput"]["high"] < 0.75
    assert "errors" not in rows
    assert done.returncode == 1
    lines = [json.loads(line) for line in (repository.folder / "raw").read_text().splitlines()]
    # Seven pairs for the look and seven for the confirmation, of the scenario and of the control each.
    assert [line["scenario"] for line in lines].count("waits") == 14
    assert {line["look"] for line in lines} == {"look 1 of 3", "confirming"}
    left = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "my_app:app" in (process.info["cmdline"] or ())
    ]
    assert left == []


def test_an_endpoint_that_is_renamed_is_a_regression_and_measured_no_further(repository: Repository) -> None:
    repository.app(APP.replace('("/waits", "/calm")', '("/waits-longer", "/calm")'))
    done = repository.ab("--base", "base", "--scenario", "waits")
    assert done.returncode == 1, done.stderr
    assert "regressed: waits" in done.stdout
    assert "in the head scenario 'waits': GET /waits answered status-404" in " ".join(done.stdout.split())
    assert "look 1" not in done.stderr


def test_an_endpoint_that_the_base_lacks_has_nothing_to_be_compared_with(repository: Repository) -> None:
    repository.app(APP.replace('("/waits", "/calm")', '("/waits", "/calm", "/new")'))
    scenarios = SCENARIOS.replace('("waits", "calm")', '("new",)')
    (repository.folder / "my_scenarios.py").write_text(scenarios)
    done = repository.ab("--base", "base")
    assert done.returncode == 3, done.stderr
    assert "nothing to compare with" in done.stdout
    passed = repository.ab("--base", "base", "--inconclusive", "pass")
    assert passed.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--base", "nowhere"), "'nowhere' names no commit here", id="an unreachable ref"),
        pytest.param((), "nothing to compare with: give --base REF, or a second setup", id="no base"),
        pytest.param(("mine", "--base", "base"), "leave --base and --head out", id="setups and commits"),
        pytest.param(
            ("--base", "base", "--scenario", "wait"), "did you mean 'waits'?", id="misspelt scenario"
        ),
        pytest.param(
            ("--base", "base", "--margin", "x"), "--margin x: give a percentage", id="no percentage"
        ),
    ],
)
def test_what_cannot_be_asked_is_status_2_and_a_sentence(
    repository: Repository, arguments: tuple[str, ...], said: str
) -> None:
    done = repository.ab(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_head_that_does_not_start_is_a_failure_with_the_end_of_its_log(repository: Repository) -> None:
    repository.app("raise RuntimeError('no such luck')")
    done = repository.ab("--base", "base")
    assert done.returncode == 2
    assert "no such luck" in done.stderr
    worktrees = subprocess.run(
        ["git", "-C", str(repository.folder), "worktree", "list"], capture_output=True, text=True, check=True
    ).stdout
    assert len(worktrees.splitlines()) == 1
