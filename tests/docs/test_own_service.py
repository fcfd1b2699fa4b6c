"""The page about one's own service: its files are read as they stand there, and its lists are complete."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest

from bench.cli._service import ServiceOptions
from bench.errors import UsageError
from bench.plan import service_plans
from bench.plan.configuration import Configuration
from bench.plan.project import SERVICE_KEYS, find_project
from scenarios.files import load, own
from scenarios.model import Request, Response, drive
from tests.bench.program import bench_here

PAGE = (Path(__file__).parents[2] / "docs" / "own-service.md").read_text(encoding="utf-8")


def block(begin: str) -> str:
    """The indented block whose first line begins so, without its indentation."""
    found = re.search(rf"^    {re.escape(begin)}.*?(?=^\S)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, begin
    return re.sub(r"^    ", "", found.group(), flags=re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service whose two files are those of the page."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".env").write_text("SECRET=word\n")
    (tmp_path / "bench.toml").write_text(block("scenarios = "))
    (tmp_path / "bench_scenarios.py").write_text(block("# bench_scenarios.py"))
    return tmp_path


def test_the_example_is_a_configuration_that_works(folder: Path) -> None:
    shown = Configuration(project=find_project(folder))
    setups = shown.setups()
    four, python = setups["uvicorn-4"], setups["python-3-13"]
    assert (four.workers, four.services, four.prepare[0]) == (4, ("postgres",), "alembic")
    assert four.env == {"SECRET": "word", "DATABASE_URL": "{postgres}", "LOG_LEVEL": "warning"}
    assert (python.python, python.app, python.app_dir) == ("3.13", "shop.main:create_app()", "src")
    plans = shown.plans(own(folder / "bench_scenarios.py"))
    assert set(plans) == {*service_plans.NAMES, "nightly"}
    named = {
        name for plan in plans.values() for block in plan.blocks for name in (*block.setups, *block.scenarios)
    }
    assert named <= {*setups, *load(folder / "bench_scenarios.py")}


MARKET = {
    ("PUT", "/shop"): (201, b"{}"),
    ("POST", "/login"): (200, b'{"token": "t-ada"}'),
    ("GET", "/items"): (200, b"[]"),
    ("POST", "/items"): (409, b"{}"),
    ("POST", "/photos"): (201, b"{}"),
}


def test_the_journey_runs_as_the_page_shows_it(tmp_path: Path) -> None:
    (tmp_path / "journeys.py").write_text(block("# journeys.py"))
    (tmp_path / "people.csv").write_text("email,password\nada@example.org,x\n")
    (tmp_path / "cat.png").write_bytes(b"meow")
    market = load(tmp_path / "journeys.py")["market"]
    asked: Counter[tuple[str, str]] = Counter()
    headers: set[tuple[tuple[str, str], ...]] = set()
    paused: list[float] = []

    def send(request: Request) -> Response:
        asked[request.method, request.label.partition(" ")[2]] += 1
        headers.add(request.headers[-1:])
        return Response(*MARKET[request.method, "/items" if "/items/" in request.path else request.path])

    rng = Random(1)
    assert market.prepare is not None
    for flow in (market.prepare, *[market.session] * 10):
        for request, response in drive(flow(rng), send, paused.append):
            assert request.fault(response) is None
    assert asked == {
        ("PUT", "/shop"): 1,
        ("POST", "/login"): 1,
        ("GET", "/items"): 9,
        ("GET", "/items/{id}"): 9,
        ("POST", "/items"): 1,
        ("POST", "/photos"): 1,
    }
    assert (("Authorization", "Bearer t-ada"),) in headers
    assert len(paused) == 9
    assert all(2 <= seconds < 5 for seconds in paused)
    assert market.tags == ("nightly",)


def test_the_keys_of_a_service_and_the_options_are_all_there() -> None:
    listed = re.search(r"The keys of `\[service\]` are (.*?);", PAGE, re.DOTALL)
    assert listed
    assert set(re.findall(r"`(\w+)`", listed.group(1))) == SERVICE_KEYS
    options = {f"--{one.name.replace('_', '-')}" for one in fields(ServiceOptions)}
    assert options <= set(re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE))


def test_the_mistake_is_named_as_the_page_says(folder: Path) -> None:
    text = (folder / "bench.toml").read_text()
    (folder / "bench.toml").write_text(text.replace("health", "helth"))
    assert tomllib.loads(text)
    with pytest.raises(UsageError) as caught:
        find_project(folder)
    assert f"bench: {caught.value}" in PAGE


def test_the_servers_that_are_measured_without_a_setup_are_those_of_the_page() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `bench run` |"))
    assert {kind[0] for kind in service_plans.SERVERS} <= set(re.findall(r"`([a-z0-9-]+)`", row))


def test_every_command_that_the_page_names_has_the_options(tmp_path: Path) -> None:
    listed = re.search(r"All commands that start a server \((.*?)\)", PAGE)
    assert listed
    for command in re.findall(r"`(\w+)`", listed.group(1)):
        assert "  --ready-within " in bench_here(command, "--help", cwd=tmp_path).stdout
