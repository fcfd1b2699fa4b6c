"""The workflow that is written, read as YAML: whose words reach which place, and that odd ones stay words."""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.errors import UsageError
from bench.pipeline.workflow import Forge, Workflow, guess_install, guess_python

PLAIN = Workflow(
    forge="github",
    folder="",
    branch="main",
    python="3.12",
    harness="fastapi-bench==0.1.0",
    install="python -m venv .venv\n.venv/bin/pip install -e .",
)
ODD = dataclasses.replace(
    PLAIN,
    folder="services/a b's",
    branch='re"lease: 1 #x',
    python="3.10",
    harness="fastapi-bench @ git+https://example.org/it?a=1&b=2#egg=x",
    install="echo \"a: b\" # {{ it }} << >>\n\nif true; then\n  echo 'c'\nfi\n",
    setup="it's: mine",
    files=("--setups", "my setups.toml", "--scenarios", "{{s}}.py"),
)
both = pytest.mark.parametrize("forge", ["github", "gitlab"])
each = pytest.mark.parametrize("workflow", [PLAIN, ODD], ids=["plain", "odd"])


def parse(workflow: Workflow, forge: Forge) -> dict[Any, Any]:
    read: dict[Any, Any] = yaml.safe_load(dataclasses.replace(workflow, forge=forge).render())
    return read


def scripts(document: dict[Any, Any], forge: str) -> list[str]:
    """Every script, in order."""
    if forge == "github":
        steps = [step for job in document["jobs"].values() for step in job["steps"]]
        return [step["run"] for step in steps if "run" in step]
    parts = [job.get(key, []) for job in document.values() for key in ("before_script", "script")]
    return [line for part in parts for line in part]


@both
@each
def test_every_script_is_bash_and_holds_no_expression(workflow: Workflow, forge: Forge) -> None:
    found = scripts(parse(workflow, forge), forge)
    assert len(found) >= 9
    for script in found:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        assert "${{" not in script
        assert "<<" not in script.replace("{{ it }} << >>", "")


@both
@each
def test_the_words_reach_the_gates_as_they_were_said(workflow: Workflow, forge: Forge) -> None:
    lines = [line for script in scripts(parse(workflow, forge), forge) for line in script.splitlines()]
    exact = [shlex.split(line) for line in lines if line.startswith("bench exact")]
    (ab,) = [shlex.split(line) for line in lines if line.startswith("bench ab")]
    setup = ["--setup", workflow.setup] if workflow.setup else []
    assert len(exact) == 2
    assert all(" ".join([*setup, *workflow.files]) in " ".join(words) for words in exact)
    assert all(word in ab for word in (workflow.setup or "ab", *workflow.files))
    (pipx,) = {line for line in lines if line.startswith("pipx install") and "fastapi" in line}
    assert shlex.split(pipx)[-1] == workflow.harness


@both
@each
def test_the_service_is_installed_by_its_own_script(workflow: Workflow, forge: Forge) -> None:
    installed = [
        script for script in scripts(parse(workflow, forge), forge) if workflow.install.strip() in script
    ]
    assert len(installed) == (2 if forge == "github" else 1)


def test_only_githubs_own_actions_are_used_each_with_a_major_version() -> None:
    jobs = parse(PLAIN, "github")["jobs"].values()
    used = {step["uses"] for job in jobs for step in job["steps"] if "uses" in step}
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in used)
    assert {name.partition("@")[0] for name in used} == {
        "actions/checkout",
        "actions/setup-python",
        "actions/upload-artifact",
    }


@each
def test_a_job_of_github_may_do_no_more_than_it_needs(workflow: Workflow) -> None:
    document = parse(workflow, "github")
    assert document["permissions"] == {}
    assert {name: job["permissions"] for name, job in document["jobs"].items()} == {
        "gates": {"contents": "read", "pull-requests": "write"},
        "history": {"contents": "write"},
    }
    checkouts = [
        step["with"]
        for job in document["jobs"].values()
        for step in job["steps"]
        if "checkout" in step.get("uses", "")
    ]
    assert checkouts == [
        {"fetch-depth": 0, "persist-credentials": False},
        {"fetch-depth": 0, "persist-credentials": True},
    ]


@each
def test_github_runs_on_requests_and_on_pushes_to_the_branch(workflow: Workflow) -> None:
    events = parse(workflow, "github")[True]  # `on` is a truth value of YAML 1.1
    assert events["push"]["branches"] == [workflow.branch]
    assert "pull_request" in events
    assert parse(workflow, "github")["jobs"]["gates"]["steps"][1]["with"]["python-version"] == workflow.python


def test_a_service_in_a_folder_has_a_workflow_of_its_own() -> None:
    document = parse(ODD, "github")
    assert document["name"] == "bench-services-a-b-s"
    assert document["defaults"]["run"]["working-directory"] == ODD.folder
    uploads = [
        step["with"]["path"]
        for job in document["jobs"].values()
        for step in job["steps"]
        if "upload" in step.get("uses", "")
    ]
    assert uploads == [f"{ODD.folder}/reports/ci", f"{ODD.folder}/reports/ci/history.html"]
    assert document[True]["pull_request"]["paths"][0] == f"{ODD.folder}/**"
    assert any("--key bench-services-a-b-s " in script for script in scripts(document, "github"))
    shared = parse(ODD, "gitlab")[".bench-services-a-b-s"]
    assert shlex.split(shared["before_script"][0]) == ["cd", ODD.folder]


def test_gitlab_lets_what_is_open_pass_with_a_warning() -> None:
    job = parse(PLAIN, "gitlab")["bench"]
    assert job["allow_failure"] == {"exit_codes": 3}
    assert job["artifacts"]["reports"]["junit"] == "reports/ci/*/verdict.xml"
    assert job["script"][-1] == "bench ci verdict reports/ci/*/"


def test_a_file_goes_where_its_forge_reads_it_or_next_to_it(tmp_path: Path) -> None:
    gitlab = dataclasses.replace(PLAIN, forge="gitlab")
    below = dataclasses.replace(gitlab, folder="services/a")
    assert PLAIN.path(tmp_path) == tmp_path / ".github/workflows/bench.yml"
    assert gitlab.path(tmp_path) == tmp_path / ".gitlab-ci.yml"
    (tmp_path / ".gitlab-ci.yml").touch()
    assert gitlab.path(tmp_path) == tmp_path / "bench.gitlab-ci.yml"
    assert below.path(tmp_path) == tmp_path / "bench-services-a.gitlab-ci.yml"


@pytest.mark.parametrize("install", ["", "  \n", "if true; then", "echo 'a"])
def test_an_install_that_bash_cannot_read_is_refused(install: str) -> None:
    with pytest.raises(UsageError, match="--install"):
        dataclasses.replace(PLAIN, install=install).render()


@pytest.mark.parametrize(
    ("files", "word"),
    [
        (("uv.lock", "pyproject.toml"), "uv sync --frozen"),
        (("requirements.txt",), "-r requirements.txt"),
        (("pyproject.toml",), "pip install --quiet -e ."),
    ],
)
def test_the_files_of_a_service_say_how_it_is_installed(
    files: tuple[str, ...], word: str, tmp_path: Path
) -> None:
    for name in files:
        (tmp_path / name).touch()
    script = guess_install(tmp_path)
    assert word in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_a_service_that_says_nothing_must_be_asked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--install"):
        guess_install(tmp_path)


@pytest.mark.parametrize(
    ("content", "version"),
    [("3.13\n", "3.13"), ("3.12.4", "3.12"), ("cpython-3.11.9\n3.12", "3.11"), ("pypy", "3.9"), ("", "3.9")],
)
def test_the_version_of_python_is_the_folders_own(content: str, version: str, tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text(content)
    assert guess_python(tmp_path, "3.9") == version
