"""Worktrees of ours: gone in the end, and those of a process that was killed gone at the next start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.system.worktrees import remove_left_over, worktree
from tests.bench.repository import git

HOLDING = """
import os, sys
from pathlib import Path
from bench.system.worktrees import worktree
with worktree(Path(sys.argv[1]), Path(sys.argv[2]), "HEAD"):
    print("there", flush=True)
    sys.stdin.read()
"""


def places(repository: Path) -> list[str]:
    """The worktrees besides the repository's own."""
    lines = git(repository, "worktree", "list", "--porcelain").splitlines()
    return [line.removeprefix("worktree ") for line in lines if line.startswith("worktree ")][1:]


def hold(repository: Path, place: Path) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(repository), str(place)], stdin=pipe, stdout=pipe, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "there\n"
    return child


def end(child: subprocess.Popen[str]) -> None:
    with child:
        child.kill()


def test_a_worktree_is_there_and_then_gone(repository: Path, tmp_path: Path) -> None:
    with worktree(repository, tmp_path / "base", "HEAD~1"):
        assert (tmp_path / "base" / "app.py").read_text() == "first"
        assert places(repository) == [str(tmp_path / "base")]
    assert places(repository) == []
    assert not (tmp_path / "base").exists()


def test_what_git_refuses_is_said_in_its_own_words(repository: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="invalid reference: nowhere"),
        worktree(repository, tmp_path / "base", "nowhere"),
    ):
        pass


@pytest.mark.parametrize("folder_is_left", [True, False])
def test_those_of_a_killed_process_go_and_those_of_a_living_one_stay(
    repository: Path, tmp_path: Path, folder_is_left: bool
) -> None:
    mine, theirs, own = (tmp_path / name / "base" for name in ("fastapi-bench-1", "fastapi-bench-2", "users"))
    for place in (mine, theirs, own):
        place.parent.mkdir()
    git(repository, "worktree", "add", "--quiet", "--detach", str(own))
    killed, living = hold(repository, mine), hold(repository, theirs)
    try:
        end(killed)
        if not folder_is_left:  # our guard has removed it
            for file in sorted(mine.parent.rglob("*"), reverse=True):
                file.unlink() if file.is_file() else file.rmdir()
            mine.parent.rmdir()
        remove_left_over(repository)
        assert sorted(places(repository)) == sorted([str(theirs), str(own)])
        assert not mine.parent.exists()
        assert (theirs / "app.py").exists()
    finally:
        end(living)
    remove_left_over(repository)
    assert places(repository) == [str(own)]


def test_of_a_process_that_was_killed_before_it_locked_the_worktree_the_folder_is_missed(
    repository: Path, tmp_path: Path
) -> None:
    place = tmp_path / "fastapi-bench-1" / "base"
    git(repository, "worktree", "add", "--quiet", "--detach", str(place))
    remove_left_over(repository)
    assert places(repository) == [str(place)]
    place.parent.rename(tmp_path / "gone")
    remove_left_over(repository)
    assert places(repository) == []


def test_those_of_another_machine_stay(repository: Path, tmp_path: Path) -> None:
    place = tmp_path / "fastapi-bench-1" / "base"
    git(repository, "worktree", "add", "--quiet", "--detach", str(place))
    git(repository, "worktree", "lock", "--reason", "fastapi-bench elsewhere 1 2", str(place))
    remove_left_over(repository)
    assert places(repository) == [str(place)]
