"""The workflow as GitHub reads it, as far as that can be told here; actionlint and zizmor read it once, too."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/performance.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
OURS = ("actions/checkout", "actions/setup-python", "actions/upload-artifact")


def steps() -> Iterator[dict[str, Any]]:
    for job in WORKFLOW["jobs"].values():
        yield from job["steps"]


def scripts() -> Iterator[Any]:
    for place, step in enumerate(step for step in steps() if "run" in step):
        yield pytest.param(step["run"], id=step.get("name", str(place)))


@pytest.mark.parametrize("script", list(scripts()))
def test_a_script_is_bash_and_holds_no_expression_that_an_author_could_fill(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert "${{" not in script


def test_only_githubs_own_actions_are_used_each_with_a_major_version() -> None:
    used = {step["uses"] for step in steps() if "uses" in step}
    assert {name.partition("@")[0] for name in used} == set(OURS)
    assert all(re.fullmatch(r"\S+@v\d+", name) for name in used)


def test_a_job_may_do_no_more_than_it_needs() -> None:
    allowed = {name: job["permissions"] for name, job in WORKFLOW["jobs"].items()}
    assert WORKFLOW["permissions"] == {}
    assert allowed == {
        "gates": {"contents": "read", "pull-requests": "write"},
        "history": {"contents": "write"},
    }


def test_what_a_pull_request_runs_finds_no_token_on_disk() -> None:
    (checkout,) = (step for step in WORKFLOW["jobs"]["gates"]["steps"] if "checkout" in step.get("uses", ""))
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}


def test_the_gitlab_job_of_the_page_is_yaml_with_bash_in_it() -> None:
    (source,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (job,) = yaml.safe_load(source).values()
    assert job["artifacts"]["reports"]["junit"] == "reports/ci/*/verdict.xml"
    for key in ("before_script", "script", "after_script"):
        for line in job[key]:
            subprocess.run(["bash", "-n"], input=line, text=True, check=True)
