"""The script behind `make bench-ci`, in a repository of its own; a stand-in says what the gates found."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GATES = """#!/bin/bash
# python -m bench GATE ...: notes what it was asked, says so in the summary, ends as told
echo "${@:3}" >>asked
printf '# %s\\n\\n' "$3" >>"$GITHUB_STEP_SUMMARY"
case $3 in exact) exit "${EXACT:-0}";; ab) exit "${AB:-0}";; esac
"""


class Repository:
    """A branch that left main after its first commit; main has moved on since."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")
        for name in ("Makefile", "pyproject.toml", "constraints.txt", ".ci/performance", ".gitignore"):
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        self.parted = self.commit("first")
        self.git("checkout", "-q", "-b", "branch")
        self.commit("mine")
        self.git("checkout", "-q", "main")
        self.commit("theirs")
        self.git("checkout", "-q", "branch")
        self.install()

    def install(self) -> None:
        """As `make install` leaves things, except that the interpreter is a stand-in."""
        python = self.folder / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(GATES)
        python.chmod(0o755)
        (self.folder / ".venv" / ".ready").touch()

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(self.folder), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        foreign = ("GITHUB_", "MAKE", "MFLAGS")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        return subprocess.run(
            command or [".ci/performance"],
            cwd=self.folder,
            env={**clean, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize(
    ("exact", "paired", "status"),
    [
        pytest.param(0, 0, 0, id="all well"),
        pytest.param(1, 0, 1, id="the exact gate alone"),
        pytest.param(0, 1, 1, id="the paired gate alone"),
        pytest.param(0, 3, 3, id="unknown is worse than well"),
        pytest.param(3, 2, 2, id="a failure is worse than unknown"),
        pytest.param(1, 2, 1, id="what is known to be slower stays so"),
        pytest.param(3, 1, 1, id="slower is worse than unknown"),
    ],
)
def test_the_gravest_of_both_gates_decides(
    repository: Repository, exact: int, paired: int, status: int
) -> None:
    done = repository.run(PAIRED="yes", EXACT=str(exact), AB=str(paired))
    assert done.returncode == status, done.stderr
    assert [line.split()[0] for line in repository.asked] == ["exact", "ab"]
    assert f"({status}); results in reports/ci" in done.stderr


def test_the_base_is_where_the_branch_left_it_and_options_reach_their_gate(repository: Repository) -> None:
    repository.run(
        PAIRED="yes", INCONCLUSIVE="pass", EXACT_ARGS="--scenario a", PAIRED_ARGS="--seconds 60", OUT="o"
    )
    shared = f"--base {repository.parted} --inconclusive pass"
    assert repository.asked == [
        f"exact {shared} --scenario a --out o/exact",
        f"ab {shared} --seconds 60 --out o/paired",
    ]


def test_the_paired_gate_waits_to_be_asked_for(repository: Repository) -> None:
    assert repository.run().returncode == 0
    assert [line.split()[0] for line in repository.asked] == ["exact"]


def test_a_clone_of_the_branch_knows_the_base_as_its_origins(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clone = tmp_path_factory.mktemp("clone")
    repository.git("clone", "-q", "-b", "branch", str(repository.folder), str(clone))
    repository.folder = clone
    repository.install()
    assert repository.run().returncode == 0
    assert f"--base {repository.parted} " in repository.asked[0]


@pytest.mark.parametrize(
    ("base", "said"),
    [
        pytest.param("nowhere", "there is no commit 'nowhere'; name one with BASE=", id="no such ref"),
        pytest.param("--all", "there is no commit '--all'; name one with BASE=", id="not an option"),
        pytest.param("other", "'other' and HEAD have no commit in common", id="of another root"),
    ],
)
def test_a_base_that_cannot_be_compared_with_is_2_and_a_sentence(
    repository: Repository, base: str, said: str
) -> None:
    tree = repository.git("write-tree")
    repository.git("branch", "other", repository.git("commit-tree", tree, "-m", "unrelated"))
    done = repository.run(BASE=base)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert not (repository.folder / "asked").exists()


def test_the_summary_is_of_this_run_and_goes_to_the_steps_own(repository: Repository, tmp_path: Path) -> None:
    step = tmp_path / "step.md"
    step.write_text("# before\n\n")
    repository.run(EXACT="1")
    repository.run(PAIRED="yes", AB="2", GITHUB_STEP_SUMMARY=str(step))
    ours = "# exact\n\n# ab\n\n# ❗ paired failed: see the log\n\n"
    assert repository.read("reports/ci/summary.md") == ours
    assert step.read_text() == f"# before\n\n{ours}"


def test_a_gate_that_was_stopped_stops_the_script(repository: Repository) -> None:
    assert repository.run(PAIRED="yes", EXACT="130").returncode == 130
    assert len(repository.asked) == 1


def test_make_sets_the_script_going_and_makes_its_status_a_2(repository: Repository) -> None:
    """GNU make ends with 2 whatever a recipe ended with; the line before says what that was."""
    well = repository.run("make", "bench-ci", "BASE=HEAD")
    slow = repository.run("make", "bench-ci", EXACT="1")
    assert (well.returncode, slow.returncode) == (0, 2)
    assert f"--base {repository.git('rev-parse', 'HEAD')} " in repository.asked[0]
    assert "bench-ci: regressed (1); results in reports/ci" in slow.stderr
    assert "Error 1" in slow.stderr
