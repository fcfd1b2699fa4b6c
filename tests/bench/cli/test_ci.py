"""`bench ci`: as a job of CI runs it, against a forge that keeps account."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bench.gates.output import documents
from bench.gates.output.judgement import render
from bench.model.change import Change, Judgement, Verdict
from tests.bench.pipeline.fake_forge import FakeForge, Refusal, serving
from tests.bench.program import bench_here
from tests.bench.repository import git

MARK = "<!-- fastapi-bench: performance -->"


@pytest.fixture
def forge() -> Iterator[FakeForge]:
    with serving() as running:
        yield running


def gate(folder: Path, verdict: Verdict | None, name: str = "items") -> Path:
    """A folder as a gate leaves it."""
    folder.mkdir(parents=True)
    change = Change(
        name, "instructions", verdict, base=1000.0, head=1030.0, ratio=1.03, low=1.029, high=1.031
    )
    judgement = Judgement("instructions per request", (change,), ("a note",))
    documents.write(judgement, "json", folder / "verdict.json", render(judgement, "text"))
    return folder


def ci(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    foreign = ("GITHUB_", "GITLAB_", "CI_")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    return subprocess.run(
        [sys.executable, "-m", "fastapi_bench", "ci", *arguments],
        cwd=cwd,
        env={**clean, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- comment -------------------------------------------------------------------------------------


def test_a_comment_is_written_and_then_updated_in_place(forge: FakeForge, tmp_path: Path) -> None:
    gate(tmp_path / "exact", "regressed")
    gate(tmp_path / "ab", "no change")
    forge.comments = {1: "a person's words"}
    env = forge.github(tmp_path)
    first = ci("comment", "exact", "ab", cwd=tmp_path, **env)
    slow = forge.comments[2]
    second = ci("comment", "ab", cwd=tmp_path, **env)
    assert (first.returncode, first.stdout) == (0, "comment written\n"), first.stderr
    assert (second.returncode, second.stdout) == (0, "comment updated\n"), second.stderr
    assert slow.splitlines()[:3] == [MARK, "", "# 🔴 regressed"]
    assert "items" in slow
    assert "[the job](https://github.com/me/app/actions/runs/99)" in slow
    assert "0123456789" in slow
    assert list(forge.comments) == [1, 2]
    assert forge.comments[2].splitlines()[2].startswith("# ⚪ no change")


def test_a_gate_without_a_verdict_stands_there_as_failed(forge: FakeForge, tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    done = ci(
        "comment", str(gate(tmp_path / "exact", "improved")), "ab/", cwd=tmp_path, **forge.github(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert forge.comments[1].splitlines()[2] == "# ❗ failed"
    assert "| ab | ❗ failed" in forge.comments[1]


def test_services_of_one_request_have_a_comment_each(forge: FakeForge, tmp_path: Path) -> None:
    gate(tmp_path / "exact", "no change")
    for key in ("a", "b", "a"):
        assert ci("comment", "exact", "--key", key, cwd=tmp_path, **forge.github(tmp_path)).returncode == 0
    assert len(forge.comments) == 2


def test_a_fork_gets_the_summary_of_its_job_and_0(forge: FakeForge, tmp_path: Path) -> None:
    gate(tmp_path / "exact", "regressed")
    forge.refusal = Refusal("POST", 403, "Resource not accessible by integration")
    (tmp_path / "step-summary.md").write_text("before\n")
    done = ci("comment", "exact", cwd=tmp_path, **forge.github(tmp_path, fork=True))
    assert done.returncode == 0, done.stderr
    summary = (tmp_path / "step-summary.md").read_text()
    assert summary.startswith(f"before\n{MARK}\n")
    assert "# 🔴 regressed" in summary
    assert "403" in done.stderr
    assert forge.comments == {}


def test_the_same_refusal_of_ones_own_branch_is_1_and_a_sentence(forge: FakeForge, tmp_path: Path) -> None:
    gate(tmp_path / "exact", "regressed")
    forge.refusal = Refusal("POST", 403, "Resource not accessible by integration")
    done = ci("comment", "exact", cwd=tmp_path, **forge.github(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "pull-requests: write" in done.stderr
    assert not (tmp_path / "step-summary.md").exists()


def test_a_push_has_no_request_and_gets_its_summary(forge: FakeForge, tmp_path: Path) -> None:
    gate(tmp_path / "exact", "no change")
    env = forge.github(tmp_path, event={"ref": "refs/heads/main"})
    done = ci("comment", "exact", cwd=tmp_path, **env)
    assert done.returncode == 0, done.stderr
    assert "no change" in (tmp_path / "step-summary.md").read_text()
    assert forge.asked == []


def test_gitlab_gets_a_note(forge: FakeForge, tmp_path: Path) -> None:
    gate(tmp_path / "exact", "no change")
    for _ in range(2):
        done = ci("comment", "exact", cwd=tmp_path, **forge.gitlab())
        assert done.returncode == 0, done.stderr
    assert list(forge.comments) == [1]
    assert [method for method, _ in forge.asked][-1] == "PUT"


def test_gitlab_without_a_token_prints_the_note(forge: FakeForge, tmp_path: Path) -> None:
    gate(tmp_path / "exact", "no change")
    done = ci("comment", "exact", cwd=tmp_path, **{**forge.gitlab(), "GITLAB_TOKEN": ""})
    assert done.returncode == 0
    assert done.stdout.startswith(MARK)
    assert "GITLAB_TOKEN" in done.stderr


def test_a_dry_run_prints_and_asks_nobody(forge: FakeForge, tmp_path: Path) -> None:
    gate(tmp_path / "exact", "inconclusive")
    done = ci("comment", "exact/verdict.json", "--dry-run", cwd=tmp_path, **forge.github(tmp_path))
    assert done.returncode == 0
    assert done.stdout.startswith(f"{MARK}\n\n# 🟡 inconclusive")
    assert forge.asked == []


@pytest.mark.parametrize(
    "content", ["", "[1]", '{"rows": [], "notes": []}', '{"title": "", "rows": [{}], "notes": []}']
)
def test_json_that_no_gate_wrote_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "exact.json").write_text(content)
    done = bench_here("ci", "comment", "exact.json", "--dry-run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "exact.json: not the JSON of a gate" in done.stderr


def test_a_key_that_would_end_the_marker_is_refused(tmp_path: Path) -> None:
    gate(tmp_path / "exact", "no change")
    done = bench_here("ci", "comment", "exact", "--dry-run", "--key", "a --> b", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--key" in done.stderr


# --- verdict -------------------------------------------------------------------------------------

VERDICTS: dict[str, tuple[Verdict | None, Verdict | None, str, int]] = {
    "all well": ("no change", "improved", "improved", 0),
    "one is slower": ("no change", "regressed", "regressed", 1),
    "slower is worse than open": ("regressed", "inconclusive", "regressed", 1),
    "open is worse than well": ("inconclusive", "no change", "inconclusive", 3),
    "nothing to compare with": (None, None, "measured", 0),
}


@pytest.mark.parametrize(("exact", "ab", "word", "status"), VERDICTS.values(), ids=VERDICTS)
def test_the_gravest_verdict_is_one_word_and_a_status(
    exact: Verdict | None, ab: Verdict | None, word: str, status: int, tmp_path: Path
) -> None:
    gate(tmp_path / "exact", exact)
    gate(tmp_path / "ab", ab)
    done = bench_here("ci", "verdict", "exact", "ab", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, f"{word}\n")


def test_a_gate_that_left_nothing_is_2_and_open_may_pass(tmp_path: Path) -> None:
    gate(tmp_path / "exact", "inconclusive")
    passed = bench_here("ci", "verdict", "exact", "--inconclusive", "pass", cwd=tmp_path)
    failed = bench_here("ci", "verdict", "exact", "ab", "--inconclusive", "pass", cwd=tmp_path)
    assert (passed.returncode, passed.stdout) == (0, "inconclusive\n")
    assert (failed.returncode, failed.stdout) == (2, "failed\n")


# --- init ----------------------------------------------------------------------------------------


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A repository with a service in a folder and one at the top."""
    root = tmp_path / "repository"
    (root / "services/a").mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch=main")
    for folder in (root, root / "services/a"):
        (folder / "pyproject.toml").touch()
    return root


def test_a_workflow_is_written_and_never_overwritten(service: Path) -> None:
    first = bench_here("ci", "init", "github", "--harness", "fastapi-bench==1.2", cwd=service)
    path = service / ".github/workflows/bench.yml"
    text = path.read_text()
    again = bench_here("ci", "init", "github", "--branch", "other", cwd=service)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith(".github/workflows/bench.yml ")
    assert yaml.safe_load(text)[True]["push"]["branches"] == ["main"]
    assert "pipx install fastapi-bench==1.2\n" in text
    assert (again.returncode, again.stdout) == (2, "")
    assert path.read_text() == text


def test_the_branch_is_origins_own(service: Path, tmp_path: Path) -> None:
    git(service, "remote", "add", "origin", str(tmp_path))
    git(service, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    done = bench_here("ci", "init", "github", "--dry-run", cwd=service)
    assert yaml.safe_load(done.stdout)[True]["push"]["branches"] == ["trunk"]
    assert not (service / ".github").exists()


def test_a_service_in_a_folder_gets_a_workflow_at_the_top(service: Path) -> None:
    done = bench_here("ci", "init", "github", cwd=service / "services/a")
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load((service / ".github/workflows/bench-services-a.yml").read_text())
    assert written["defaults"]["run"]["working-directory"] == "services/a"


def test_gitlabs_own_file_stays_and_is_told_what_to_include(service: Path) -> None:
    (service / ".gitlab-ci.yml").write_text("build: {}\n")
    done = bench_here("ci", "init", "gitlab", cwd=service)
    assert done.returncode == 0, done.stderr
    assert (service / ".gitlab-ci.yml").read_text() == "build: {}\n"
    assert {"bench", "bench-history"} <= yaml.safe_load((service / "bench.gitlab-ci.yml").read_text()).keys()
    assert "- local: bench.gitlab-ci.yml" in done.stdout


WRONG = {
    "no such forge": (("bitbucket",), "bitbucket"),
    "no such file": (("github", "--scenarios", "none.py"), "--scenarios none.py"),
    "no script": (("github", "--install", "if"), "--install if"),
}


@pytest.mark.parametrize(("arguments", "named"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_one_sentence_and_2(arguments: tuple[str, ...], named: str, service: Path) -> None:
    done = bench_here("ci", "init", *arguments, cwd=service)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
    assert not (service / ".github").exists()


def test_outside_of_a_repository_is_a_sentence(tmp_path: Path) -> None:
    done = bench_here("ci", "init", "github", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "git" in done.stderr
