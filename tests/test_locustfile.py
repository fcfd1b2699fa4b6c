from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.plan.config import load_setups
from bench.serve.server import serving
from bench.system.processes import Processes
from scenarios import SCENARIOS
from tests.bench.program import lay_out

LOCUSTFILE = Path(__file__).parents[1] / "locustfile.py"


def locust(
    *arguments: str, scenarios: Path | None = None, client: str = "fast"
) -> subprocess.CompletedProcess[str]:
    env = (
        os.environ
        | {"BENCH_LOCUST_CLIENT": client}
        | ({"BENCH_SCENARIOS": str(scenarios)} if scenarios else {})
    )
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lay_out(tmp_path)
    return tmp_path


@pytest.fixture
def url(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(folder)
    setup = load_setups(folder / "setups.toml")["plain"]
    with Processes() as processes, serving(setup, processes) as server:
        yield server.url


def test_there_is_one_user_class_a_scenario(folder: Path) -> None:
    ours = locust("--list").stdout.split()[2:]
    assert ours == ["".join(part.title() for part in name.split("-")) + "User" for name in SCENARIOS]
    with_mine = locust("--list", scenarios=folder / "my_scenarios.py").stdout.split()[2:]
    assert with_mine == [
        *ours,
        "FrontPageUser",
        "WrongStatusUser",
        "WrongBodyUser",
        "DieUser",
        "RaisesUser",
        "EmptyUser",
        "WrongVictimUser",
    ]


@pytest.mark.parametrize("client", ["fast", "http"])
def test_wrong_answers_are_failures_and_end_their_session(client: str, folder: Path, url: str) -> None:
    load = ("--headless", "-u", "2", "-r", "2", "--run-time", "3s", "--host", url, "--json", "--only-summary")
    done = locust(
        "WrongBodyUser", "WrongStatusUser", *load, scenarios=folder / "my_scenarios.py", client=client
    )
    assert done.returncode == 1  # Locust's way to say that requests failed
    counted = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert set(counted) == {"GET /", "GET /wrong-body", "GET /wrong-status"}
    for name, entry in counted.items():
        assert entry["num_requests"] > 0
        assert entry["num_failures"] == (0 if name == "GET /" else entry["num_requests"])
    assert abs(counted["GET /"]["num_requests"] - counted["GET /wrong-body"]["num_requests"]) <= 1
    assert "wrong-body" in done.stderr + done.stdout
    assert "status-200" in done.stderr + done.stdout


ALIKE = """
from scenarios.model import Request, Scenario
from scenarios.single import Always

HOME = Always(Request("GET", "/"))
NAMES = ("list-items", "list_items", "listItems", "Listitems", "listitems-2", "list items", "items_crud")
SCENARIOS = {name: Scenario(name=name, flow=HOME) for name in NAMES}
"""


def test_names_that_are_alike_are_classes_of_their_own(tmp_path: Path) -> None:
    mine = tmp_path / "alike.py"
    mine.write_text(ALIKE)
    names = locust("--list", scenarios=mine).stdout.split()[2:]
    assert len(names) == len(set(names)) == len(SCENARIOS) + 7
    assert set(names) > {"ListItemsUser", "ListItems2User", "ItemsCrudUser", "ItemsCrud2User"}
