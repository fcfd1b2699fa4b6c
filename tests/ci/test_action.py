"""action.yml: parsed, and its steps run as GitHub runs them, on a branch that is slower and on one that is not."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.bench.pipeline.fake_forge import FakeForge, serving
from tests.ci.service import serve
from tests.ci.steps import Runner, environment, stand_ins
from tests.tools.environments import Tool

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
INPUTS = {
    "setup": "mine",
    "setups": "setups.toml",
    "scenarios": "my_scenarios.py",
    "install": "touch installed-here",
}


@pytest.fixture
def forge() -> Iterator[FakeForge]:
    with serving() as running:
        yield running


def runner(tmp_path: Path, forge: FakeForge, tool: Tool, branch: str, **inputs: str) -> Runner:
    """A runner in the repository on a branch, with the inputs of the action as a workflow would give them."""
    repository = serve(tmp_path, branch)
    variables = {**forge.github(tmp_path), "GITHUB_BASE_REF": "base", "GITHUB_ACTION_PATH": str(ROOT)}
    names = {"github.token": "secret"}
    for name, described in ACTION["inputs"].items():
        given = {**INPUTS, **inputs}.get(name, described["default"])
        names[f"inputs.{name}"] = names.get(given.removeprefix("${{ ").removesuffix(" }}"), given)
    return Runner(repository.folder, environment(stand_ins(tmp_path / "bin", tool.program), variables), names)


def test_every_step_names_its_shell_and_every_input_explains_itself() -> None:
    assert all(step["shell"] == "bash" for step in STEPS if "run" in step)
    assert all(one["description"] and "default" in one for one in ACTION["inputs"].values())
    assert {"python", "install", "setup", "scenarios", "gates", "base"} <= ACTION["inputs"].keys()
    assert ACTION["outputs"].keys() == {"verdict"}
    assert [step["uses"] for step in STEPS if "uses" in step] == ["actions/setup-python@v6"]


@pytest.mark.parametrize("step", [pytest.param(one, id=one["name"]) for one in STEPS if "run" in one])
def test_a_script_is_bash_and_holds_no_expression(step: dict[str, Any]) -> None:
    subprocess.run(["bash", "-n"], input=step["run"], text=True, check=True)
    assert "${{" not in step["run"]


def test_every_input_that_is_used_is_declared_and_the_other_way_round() -> None:
    used = set(re.findall(r"inputs\.(\w+)", yaml.safe_dump(STEPS)))
    assert used == set(ACTION["inputs"])


@pytest.mark.alone
@pytest.mark.parametrize(
    ("branch", "verdict", "statuses"), [("slow", "regressed", {1}), ("harmless", "no change", {0})]
)
def test_a_slow_branch_ends_with_1_and_a_harmless_one_with_0(
    branch: str, verdict: str, statuses: set[int], forge: FakeForge, tool: Tool, tmp_path: Path
) -> None:
    job = runner(tmp_path, forge, tool, branch, gates="exact")
    job.run(STEPS)
    assert {job.ended["Verdict"]} == statuses, job.log
    assert job.names["steps.verdict.outputs.verdict"] == verdict
    assert (job.folder / "installed-here").exists()
    assert f"pipx install {ROOT}" in (tmp_path / "installed").read_text()
    assert verdict in forge.comments[1].splitlines()[2]
    assert all(status == 0 for name, status in job.ended.items() if name != "Verdict")


def test_a_gate_that_is_none_fails_and_is_said(forge: FakeForge, tool: Tool, tmp_path: Path) -> None:
    job = runner(tmp_path, forge, tool, "harmless", gates="speed")
    assert not job.run(STEPS)
    assert job.ended["Verdict"] == 2
    assert job.names["steps.verdict.outputs.verdict"] == "failed"
    assert "there is no gate 'speed'" in job.log


def test_a_base_that_is_not_there_ends_the_job_at_once(forge: FakeForge, tool: Tool, tmp_path: Path) -> None:
    job = runner(tmp_path, forge, tool, "harmless", base="nowhere")
    assert not job.run(STEPS)
    assert job.ended["Find the base"] == 2
    assert "Gates" not in job.ended
    assert "fetch-depth: 0" in job.log
