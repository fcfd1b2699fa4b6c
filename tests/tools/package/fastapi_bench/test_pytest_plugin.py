"""The fixture `asgi_benchmark`, in a pytest of its own: as a user has it, with the example of the page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[4]
PLUGIN = "fastapi_bench.pytest_plugin"
SERVICE = """
import asyncio, json

async def read_item(number):
    return "chair"

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            print(word, flush=True)
            await send({"type": f"lifespan.{word}.complete"})
        return
    message = await receive()
    status = {"POST": 201, "GET": 200}[scope["method"]]
    if scope["path"] == "/slow":
        await asyncio.sleep(0.005)
    if scope["path"] == "/broken":
        status = 500
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": message["body"] or b'{"name": "chair"}'})
"""
QUICK = ("--benchmark-disable-gc", "--benchmark-max-time=0.02", "--benchmark-min-rounds=5")


def run(
    folder: Path, test: str, *options: str, beside: tuple[str, ...] = ("pytest_benchmark.plugin",)
) -> subprocess.CompletedProcess[str]:
    """Run a file of tests in a folder that has a service, with the plugin as its entry point would load it."""
    (folder / "my_service.py").write_text(SERVICE)
    (folder / "test_speed.py").write_text(test)
    (folder / "pytest.ini").write_text("[pytest]\n")
    plugins = [word for name in (*beside, PLUGIN, "no:cacheprovider") for word in ("-p", name)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *options, "test_speed.py"],
        cwd=folder,
        env={
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": str(ROOT / "tools" / "package"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def benchmarks(folder: Path, test: str) -> dict[str, dict[str, Any]]:
    """The benchmarks of a file by the name of their test."""
    done = run(folder, test, *QUICK, "--benchmark-json=speed.json")
    assert done.returncode == 0, done.stdout
    found = json.loads((folder / "speed.json").read_text())["benchmarks"]
    return {one["name"]: one for one in found}


def test_the_example_of_the_page_runs_and_each_figure_has_its_cost_taken_out(tmp_path: Path) -> None:
    page = (ROOT / "docs/pytest.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    found = benchmarks(tmp_path, example)
    assert list(found) == re.findall(r"^def (test_\w+)", example, re.MULTILINE)
    for one in found.values():
        facts = one["extra_info"]
        per_call_us = one["stats"]["median"] / facts["concurrency"] * 1e6
        assert facts["own_us"] == pytest.approx(per_call_us - facts["calibration_us"])
        assert 0 < facts["calibration_us"] < 1000
    assert [one["extra_info"]["concurrency"] for one in found.values()] == [1, 1, 50, 1]


WAITING = """
from my_service import app
from scenarios.model import Request

def test_alone(asgi_benchmark):
    asgi_benchmark(app, "/slow", loop="asyncio")

def test_together(asgi_benchmark):
    asgi_benchmark(app, Request("GET", "/slow"), concurrency=20, loop="uvloop")
"""


def test_a_call_that_waits_takes_its_time_and_those_at_once_share_it(tmp_path: Path) -> None:
    """The endpoint sleeps for 5 ms: alone it takes no less, twenty at once need not even 5 ms each."""
    found = {name: one["extra_info"] for name, one in benchmarks(tmp_path, WAITING).items()}
    assert found["test_alone"]["own_us"] >= 4900
    assert 0 < found["test_together"]["own_us"] < 4000
    assert (found["test_alone"]["loop"], found["test_together"]["loop"]) == ("asyncio", "uvloop")


def test_the_end_of_a_run_says_what_a_call_takes(tmp_path: Path) -> None:
    done = run(tmp_path, WAITING, *QUICK)
    lines = re.findall(r"^(test_\w+) +([\d,.]+) µs .*taken out\)$", done.stdout, re.MULTILINE)
    assert [name for name, _ in lines] == ["test_alone", "test_together"]
    assert float(lines[0][1].replace(",", "")) >= 4900


def test_options_of_pytest_benchmark_choose_among_the_tests(tmp_path: Path) -> None:
    test = f"{WAITING}\n\ndef test_plain():\n    pass\n"
    only, without = (
        run(tmp_path, test, *QUICK, option) for option in ("--benchmark-only", "--benchmark-skip")
    )
    assert "2 passed, 1 skipped" in only.stdout
    assert "1 passed, 2 skipped" in without.stdout


def test_an_app_lives_once_a_test(tmp_path: Path) -> None:
    done = run(tmp_path, WAITING, "-s", "--benchmark-disable", "-q")
    assert re.findall(r"startup|shutdown", done.stdout) == ["startup", "shutdown"] * 2
    assert "taken out" not in done.stdout


JOURNEY = """
from my_service import app
from scenarios.model import Pause, Request, Scenario

asked = []

def prepare(rng):
    asked.append("prepare")
    yield Request("GET", "/slow")

def start(rng):
    asked.append("start")
    yield Request("GET", "/slow")

def flow(rng, state):
    yield Pause(60)
    yield Request("GET", "/slow")

def test_journey(asgi_benchmark):
    asgi_benchmark(app, Scenario("a", flow, on_start=start, prepare=prepare))
    assert asked == ["prepare", "start"]
"""


def test_a_journey_starts_once_and_skips_its_pauses(tmp_path: Path) -> None:
    (one,) = benchmarks(tmp_path, JOURNEY).values()
    assert 4900 <= one["extra_info"]["own_us"] < 50_000


WRONG = {
    "fault": (
        "def test(asgi_benchmark):\n    asgi_benchmark(app, '/broken')",
        "AssertionError: GET /broken: status-500",
    ),
    "running loop": (
        "def test(asgi_benchmark):\n    async def go():\n        asgi_benchmark(app, '/')\n    asyncio.run(go())",
        "UsageError: .*plain `def`",
    ),
}


@pytest.mark.parametrize(("test", "sentence"), WRONG.values(), ids=WRONG)
def test_a_mistake_fails_the_test_with_a_sentence(test: str, sentence: str, tmp_path: Path) -> None:
    done = run(tmp_path, f"import asyncio\nfrom my_service import app\n\n{test}\n", "--benchmark-disable")
    assert done.returncode == 1
    assert re.search(sentence, done.stdout)


OWN = """
from importlib import import_module

import bench, scenarios
from my_service import app

def test_own(asgi_benchmark):
    (response,) = asgi_benchmark(app, "/")
    assert response.status == 200
    assert (bench.OWN, scenarios.OWN) == (True, True)
    assert import_module("bench.more").OWN
"""


def test_packages_of_the_same_names_stay_the_tests_own(tmp_path: Path) -> None:
    for name in ("bench", "scenarios"):
        (tmp_path / name).mkdir()
        for file in ("__init__.py", "more.py"):
            (tmp_path / name / file).write_text("OWN = True\n")
    done = run(tmp_path, OWN, "--benchmark-disable")
    assert done.returncode == 0, done.stdout


def test_without_pytest_benchmark_it_says_what_to_install(tmp_path: Path) -> None:
    done = run(tmp_path, WAITING, beside=())
    assert done.returncode == 1
    assert "fixture 'benchmark' not found" not in done.stdout
    assert "pip install pytest-benchmark" in done.stdout


def test_the_plugin_imports_nothing_before_it_is_asked() -> None:
    script = (
        f"import pytest, sys; before = set(sys.modules); import {PLUGIN}; print(*(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(loaded.stdout.split()) == {"fastapi_bench", PLUGIN}


def test_the_wheel_tells_pytest_of_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (module,) = project["entry-points"]["pytest11"].values()
    assert module == PLUGIN
    assert hasattr(import_module(module), "asgi_benchmark")
