"""The workflows as GitHub reads them, as far as a test can tell; actionlint and zizmor read them by hand."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / ".github/workflows").glob("*.yml"))
}
PAGE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PRE_COMMIT = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
OURS = {
    "performance": {"actions/checkout", "actions/setup-python", "actions/upload-artifact"},
    "tests": {"actions/checkout", "actions/setup-python"},
}
PERMISSIONS = {
    "performance": {
        "gates": {"contents": "read", "pull-requests": "write"},
        "history": {"contents": "write"},
    },
    "tests": {"linux": {"contents": "read"}, "oldest": {"contents": "read"}, "macos": {"contents": "read"}},
}
MADE = (".venv/", "reports/")
"""Where a run puts what it makes: not in the repository."""


def steps(workflow: str) -> Iterator[dict[str, Any]]:
    for job in WORKFLOWS[workflow]["jobs"].values():
        yield from job["steps"]


def scripts() -> Iterator[Any]:
    for workflow in WORKFLOWS:
        for place, step in enumerate(step for step in steps(workflow) if "run" in step):
            yield pytest.param(step["run"], id=f"{workflow}-{place}-{step.get('name', '')}")


each = pytest.mark.parametrize("script", list(scripts()))
either = pytest.mark.parametrize("workflow", list(WORKFLOWS))


def words(script: str) -> list[str]:
    """The words of a shell script, comments left out and lines that go on joined."""
    return shlex.split(script.replace("\\\n", " "), comments=True)


def test_every_workflow_is_checked_here() -> None:
    assert WORKFLOWS.keys() == OURS.keys() == PERMISSIONS.keys()


@each
def test_a_script_is_bash_and_holds_no_expression_that_an_author_could_fill(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert "${{" not in script


@each
def test_what_a_script_makes_is_a_target(script: str) -> None:
    assert set(re.findall(r"\bmake ([a-z-]+)", script)) <= TARGETS


@each
def test_a_path_that_a_script_names_exists(script: str) -> None:
    paths = [word for word in words(script) if re.fullmatch(r"[.\w-]+(/[.\w-]+)+", word)]
    here = [path for path in paths if not path.startswith(MADE)]
    assert [path for path in here if not (ROOT / path).exists()] == []


@each
def test_a_module_that_a_script_runs_is_one_of_ours_or_of_the_dev_extra(script: str) -> None:
    modules = re.findall(r"python3? -m (\S+)", script)
    assert set(modules) <= {"bench", "pytest"}


@either
def test_only_githubs_own_actions_are_used_each_with_a_major_version(workflow: str) -> None:
    used = {step["uses"] for step in steps(workflow) if "uses" in step}
    assert {name.partition("@")[0] for name in used} == OURS[workflow]
    assert all(re.fullmatch(r"\S+@v\d+", name) for name in used)


@either
def test_a_job_may_do_no_more_than_it_needs(workflow: str) -> None:
    allowed = {name: job["permissions"] for name, job in WORKFLOWS[workflow]["jobs"].items()}
    assert WORKFLOWS[workflow]["permissions"] == {}
    assert allowed == PERMISSIONS[workflow]


@either
def test_a_job_ends_in_time_and_a_newer_push_takes_the_place_of_a_run(workflow: str) -> None:
    assert all(job["timeout-minutes"] <= 60 for job in WORKFLOWS[workflow]["jobs"].values())
    assert WORKFLOWS[workflow]["concurrency"]["cancel-in-progress"] is True


def test_what_a_pull_request_runs_finds_no_token_on_disk() -> None:
    jobs = WORKFLOWS["performance"]["jobs"]
    (checkout,) = (step for step in jobs["gates"]["steps"] if "checkout" in step.get("uses", ""))
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}
    for step in steps("tests"):
        if "checkout" in step.get("uses", ""):
            assert step["with"] == {"persist-credentials": False}


def test_the_tests_run_on_every_python_from_the_oldest_supported() -> None:
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    pythons = WORKFLOWS["tests"]["jobs"]["linux"]["strategy"]["matrix"]["python"]
    assert pythons == [f"3.{minor}" for minor in range(int(oldest.partition(".")[2]), 15)]


def test_the_tests_are_those_of_ci_run_with_the_same_programs() -> None:
    run = (ROOT / ".ci/run").read_text(encoding="utf-8")
    script = "\n".join(step.get("run", "") for step in WORKFLOWS["tests"]["jobs"]["linux"]["steps"])
    assert set(re.findall(r"^install \S+ (\S+)$", run, re.MULTILINE)) <= set(words(script))
    assert set(re.findall(r"^make (\S+)$", run, re.MULTILINE)) <= set(re.findall(r"make (\S+)", script))


def test_pip_keeps_what_the_pinned_versions_decide() -> None:
    pythons = [step["with"] for step in steps("tests") if "setup-python" in step.get("uses", "")]
    assert {one["cache"] for one in pythons} == {"pip"}
    assert {tuple(one["cache-dependency-path"].split()) for one in pythons} == {
        ("constraints.txt", "pyproject.toml")
    }


def test_pre_commit_pins_what_it_runs_ruff_as_make_check_does() -> None:
    hooks = [hook for repository in PRE_COMMIT["repos"] for hook in repository["hooks"]]
    pins = [pin for hook in hooks for pin in hook["additional_dependencies"]]
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [hook["id"] for hook in hooks] == ["ruff-check", "ruff-format", "typos"]
    assert all(re.fullmatch(r"[a-z]+==[\d.]+", pin) for pin in pins)
    assert {pin for pin in pins if pin.startswith("ruff==")} <= set(constraints)


def test_the_gitlab_job_of_the_page_is_yaml_with_bash_in_it() -> None:
    (source,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (job,) = yaml.safe_load(source).values()
    assert job["artifacts"]["reports"]["junit"] == "reports/ci/*/verdict.xml"
    for key in ("before_script", "script", "after_script"):
        for line in job[key]:
            subprocess.run(["bash", "-n"], input=line, text=True, check=True)
