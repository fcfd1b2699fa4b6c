"""The examples, as a user meets them: the wheel as a tool, a service in an environment of its own, and the README's
commands. The harness has its core and the charts; the services have their own needs and nothing of ours."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.model.change import Verdict
from scenarios.files import own
from tests.bench.repository import git
from tests.tools.environments import Environment, Tool, build, installed

pytestmark = pytest.mark.alone

EXAMPLES = Path(__file__).parents[2] / "examples"
SERVERS = {"shop": {"uvicorn"}, "notes": {"uvicorn"}, "polls": {"gunicorn", "gunicorn-gthread"}}
"""The setups that `bench run` finds in the environment of each example."""
UNTOUCHED, PRICED = "get-health", ("get-items", "get-items-number", "post-baskets")
"""Scenarios of the shop whose requests use no price, and that use some."""
BUMPED = ("--base-python", ".venv", "--head-python", ".venv-new")


@dataclass(frozen=True, slots=True)
class Service:
    """A copy of an example in a repository of its own, with its environment in `.venv`."""

    folder: Path

    @property
    def environment(self) -> Environment:
        return Environment(self.folder / ".venv")

    def commit(self, message: str) -> None:
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", message)


@pytest.fixture(scope="module")
def tool(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The harness as `pipx install 'fastapi-bench[charts]'` leaves it."""
    made = installed(wheel, tmp_path_factory.mktemp("pipx") / "fastapi-bench")
    made.lend_needs("charts")
    return made


def copied(example: str, folder: Path) -> Service:
    """An example with its needs installed; that of the shop which is on no index comes from `examples/pricing`."""
    service = Service(Path(shutil.copytree(EXAMPLES / example, folder / example)))
    service.environment.create()
    equip(service.environment, example, "1.0.0", folder)
    (service.folder / ".gitignore").write_text(".venv*/\n__pycache__/\nreports/\n")
    git(service.folder, "init", "--quiet", "--initial-branch=main")
    return service


def equip(environment: Environment, example: str, pricing: str, folder: Path) -> None:
    """Install what an example depends on, with a version of `pricing`."""
    project = tomllib.loads((EXAMPLES / example / "pyproject.toml").read_text())["project"]
    environment.lend(one for one in project["dependencies"] if not one.startswith("pricing"))
    if example == "shop":
        source = shutil.copytree(EXAMPLES / "pricing" / pricing, folder / f"pricing-{pricing}")
        environment.add(build(source, folder))


def rows(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Of a gate's JSON: the changes by scenario and metric."""
    return {(row["name"], row["metric"]): row for row in json.loads(path.read_text())["rows"]}


@pytest.mark.parametrize("example", SERVERS)
def test_the_main_road(example: str, tool: Tool, tmp_path: Path) -> None:
    """init, run, exact and ab between two commits, history, ci: typed as the README has them, with less time."""
    service = copied(example, tmp_path)
    before = {path.name for path in service.environment.packages.iterdir()}

    done = tool.bench("init", cwd=service.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    service.commit("the service")
    done = tool.bench("run", "--minutes", "0.25", "--rounds", "2", cwd=service.folder)
    assert done.returncode == 0, done.stderr
    assert SERVERS[example] <= measured(service.folder / "reports/latest")
    assert example in (service.folder / "reports/latest/report.html").read_text()

    (service.folder / "README.md").write_text("This changes no code.\n")
    service.commit("a page")
    one = ("--scenario", next(iter(own(service.folder / "bench_scenarios.py"))), "--format", "json", "--out")
    done = tool.bench("exact", "--base", "HEAD~1", *one, "exact.json", cwd=service.folder)
    assert done.returncode == 0, done.stderr
    assert {row["verdict"] for row in rows(service.folder / "exact.json").values()} == {"no change"}
    short = ("--base", "HEAD~1", "--seconds", "10", "--pairs", "6")
    done = tool.bench("ab", *short, *one, "ab.json", cwd=service.folder)
    assert done.returncode in (0, 3), done.stderr
    assert {metric for _, metric in rows(service.folder / "ab.json")} >= {"cpu", "throughput"}

    done = tool.bench("exact", *one, "counted.json", cwd=service.folder)
    assert done.returncode == 0, done.stderr
    done = tool.bench("history", "add", "counted.json", "--dirty", cwd=service.folder)
    assert done.returncode == 0, done.stderr
    assert len(tool.bench("history", "show", cwd=service.folder).stdout.splitlines()) > 2
    done = tool.bench("ci", "init", "github", cwd=service.folder)
    assert done.returncode == 0, done.stderr
    assert "jobs" in yaml.safe_load((service.folder / ".github/workflows/bench.yml").read_text())

    after = {path.name for path in service.environment.packages.iterdir()}
    assert after - {"__pycache__"} == before - {"__pycache__"}, "no package of ours may stay"


def measured(run: Path) -> set[str]:
    """The setups of a run, of which every request was right."""
    records = [json.loads(line) for line in (run / "records.jsonl").read_text().splitlines()]
    assert {record["summary"]["errors"] for record in records} == {0}
    return {record["cell"]["setup"] for record in records}


def test_a_dependency_that_got_slower_is_found_by_both_gates(tool: Tool, tmp_path: Path) -> None:
    service = copied("shop", tmp_path)
    new = Environment(service.folder / ".venv-new")
    new.create()
    equip(new, "shop", "1.1.0", tmp_path)
    assert tool.bench("init", cwd=service.folder).returncode == 0
    service.commit("the service")

    out = ("--format", "json", "--out")
    done = tool.bench("exact", *BUMPED, *out, "exact.json", cwd=service.folder)
    assert done.returncode == 1, done.stdout + done.stderr
    exact: dict[str, Verdict] = {
        name: row["verdict"] for (name, _), row in rows(service.folder / "exact.json").items()
    }
    assert exact == {UNTOUCHED: "no change", **dict.fromkeys(PRICED, "regressed")}
    assert "pricing 1.0.0 -> 1.1.0" in (service.folder / "exact.json").read_text()

    basket = ("--scenario", "get-items", "--seconds", "30")
    done = tool.bench("ab", *BUMPED, *basket, *out, "ab.json", cwd=service.folder)
    assert done.returncode == 1, done.stdout + done.stderr
    slower = rows(service.folder / "ab.json")["get-items", "cpu"]
    assert (slower["verdict"], slower["ratio"] > 1.05) == ("regressed", True)
