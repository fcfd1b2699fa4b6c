"""What `bench ci init` writes, run step by step: on a slow branch, on a harmless one, and after a merge."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.bench.pipeline.fake_forge import FakeForge, serving
from tests.bench.tiny import Repository
from tests.ci.service import FILES, app, serve
from tests.ci.steps import Runner, environment, stand_ins
from tests.tools.environments import Tool

pytestmark = pytest.mark.alone

INIT = (*FILES, "--install", "touch installed-here", "--branch", "base")


@pytest.fixture
def forge() -> Iterator[FakeForge]:
    with serving() as running:
        yield running


def write(tool: Tool, repository: Repository, forge: str) -> dict[str, Any]:
    """Have the workflow written; gives what stands in it."""
    done = tool.bench("ci", "init", forge, *INIT, cwd=repository.folder)
    assert done.returncode == 0, done.stderr
    path = repository.folder / done.stdout.split()[0]
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def runner(tool: Tool, repository: Repository, forge: FakeForge) -> Runner:
    folder = repository.folder.parent
    bin_folder = folder / "bin"
    variables = {
        **forge.github(folder),
        "GITHUB_BASE_REF": "base",
        "GITHUB_SHA": repository.git("rev-parse", "HEAD").strip(),
    }
    found = environment(bin_folder if bin_folder.exists() else stand_ins(bin_folder, tool.program), variables)
    return Runner(repository.folder, found, {"github.token": "secret"})


def test_github_goes_red_on_a_slow_branch_and_green_on_a_harmless_one_in_one_comment(
    forge: FakeForge, tool: Tool, tmp_path: Path
) -> None:
    repository = serve(tmp_path, "slow")
    steps = write(tool, repository, "github")["jobs"]["gates"]["steps"]
    slow = runner(tool, repository, forge)
    assert not slow.run(steps), slow.log
    slow_comment = forge.comments[1]
    repository.app(app(1000) + "\n# as before\n")
    harmless = runner(tool, repository, forge)
    assert harmless.run(steps), harmless.log
    assert (slow.ended["Instructions (bench exact)"], slow.ended["Time (bench ab)"]) == (1, 1), slow.log
    assert set(harmless.ended.values()) == {0}
    assert slow_comment.splitlines()[2] == "# 🔴 regressed"
    assert "regressed" not in forge.comments[1].splitlines()[2]
    assert list(forge.comments) == [1]
    assert (repository.folder / "installed-here").exists()
    assert "pipx install fastapi-bench==" in (tmp_path / "installed").read_text()
    for gate in ("exact", "ab"):
        kept = {path.name for path in (repository.folder / "reports/ci" / gate).iterdir()}
        assert {"verdict.json", "verdict.md", "verdict.txt", "verdict.xml"} <= kept


def test_each_commit_of_the_branch_becomes_an_entry_of_the_history(
    forge: FakeForge, tool: Tool, tmp_path: Path
) -> None:
    repository = serve(tmp_path, "harmless")
    steps = write(tool, repository, "github")["jobs"]["history"]["steps"]
    commits = []
    for size in (1000, 2000):
        repository.app(app(size))
        repository.commit("base")
        commits.append(repository.git("rev-parse", "HEAD").strip())
        job = runner(tool, repository, forge)
        assert job.run(steps), job.log
    lines = repository.git(
        "-C", str(tmp_path / "origin.git"), "show", "bench-history:history.jsonl"
    ).splitlines()
    assert [json.loads(line)["commit"]["hash"] for line in lines] == commits
    assert (repository.folder / "reports/ci/history.html").exists()
    shown = ("--branch", "bench-history", "--out", "history.json")
    assert repository.bench("history", "show", *shown).returncode == 0
    comment = repository.bench(
        "ci", "comment", "reports/ci/exact.json", "--history", "history.json", "--dry-run"
    )
    assert "<summary>History of the default branch: 2 commits</summary>" in comment.stdout, comment.stderr


def test_gitlab_ends_with_the_gravest_verdict_and_a_note(
    forge: FakeForge, tool: Tool, tmp_path: Path
) -> None:
    repository = serve(tmp_path, "slow")
    document = write(tool, repository, "gitlab")
    script = [*document[".bench"]["before_script"], *document["bench"]["script"]]
    base = repository.git("rev-parse", "base").strip()
    variables = {**forge.gitlab(), "CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "AB_AS_EXACT": "1"}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(script)],
        cwd=repository.folder,
        env=environment(stand_ins(tmp_path / "bin", tool.program), variables),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "regressed"), done.stderr
    assert forge.comments[1].splitlines()[2] == "# 🔴 regressed"
    assert list(forge.comments) == [1]
