from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.model.commit import Commit
from bench.system import git


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://github.com/owner/repo.git", "https://github.com/owner/repo/commit/{commit}"),
        ("https://github.com/owner/repo", "https://github.com/owner/repo/commit/{commit}"),
        ("https://user:word@github.com/owner/repo/", "https://github.com/owner/repo/commit/{commit}"),
        ("git@github.com:owner/repo.git", "https://github.com/owner/repo/commit/{commit}"),
        (
            "ssh://git@github.example.org:22/owner/repo",
            "https://github.example.org/owner/repo/commit/{commit}",
        ),
        ("git@gitlab.com:group/sub/repo.git", "https://gitlab.com/group/sub/repo/-/commit/{commit}"),
        (
            "https://gitlab.example.org/group/repo.git",
            "https://gitlab.example.org/group/repo/-/commit/{commit}",
        ),
        ("https://git.example.org/owner/repo.git", None),
        ("/srv/git/github/repo.git", None),
        ("../github", None),
        ("", None),
    ],
)
def test_where_a_commit_is_shown_is_guessed_from_the_remote(remote: str, expected: str | None) -> None:
    assert git.guess_url(remote) == expected


def test_a_commit_by_its_name(repository: Path) -> None:
    found = git.commit(repository, "HEAD")
    assert found == Commit(
        git.text(repository, "rev-parse", "HEAD") or "", "second", "2026-11-02T10:00:00+01:00"
    )
    assert git.commit(repository, "HEAD~1") != found
    assert git.commit(repository, "nowhere") is None
    assert git.commit(repository, "--all") is None


def test_the_address_of_a_commit_comes_from_origin(repository: Path) -> None:
    assert git.commit_url(repository) is None
    git.output(repository, "remote", "add", "origin", "git@github.com:owner/repo.git")
    assert git.commit_url(repository) == "https://github.com/owner/repo/commit/{commit}"


def test_a_tree_is_dirty_where_it_holds_what_no_commit_has(repository: Path) -> None:
    assert not git.is_dirty(repository)
    (repository / "new").write_text("new")
    assert git.is_dirty(repository)


@pytest.mark.parametrize("file", ["reports/a-run/run.json", "out/run.json", "reports/history/history.jsonl"])
def test_runs_and_histories_of_ours_are_no_changes(repository: Path, file: str) -> None:
    (repository / file).parent.mkdir(parents=True)
    (repository / file).write_text("{}")
    (repository / "below").mkdir()
    assert not git.is_dirty(repository)
    assert not git.is_dirty(repository / "below")  # the paths that git lists begin at the top
    (repository / "reports.py").write_text("")
    assert git.is_dirty(repository)


def test_a_tracked_file_that_was_changed_makes_it_dirty_whatever_it_is_called(repository: Path) -> None:
    (repository / "app.py").write_text("changed")
    assert git.is_dirty(repository)


def test_the_state_around_a_file_is_that_of_the_repository_that_tracks_it(repository: Path) -> None:
    found = git.state_around(repository / "app.py")
    assert found == {"commit": git.text(repository, "rev-parse", "HEAD"), "dirty": False}
    (repository / "installed").mkdir()
    (repository / "installed" / "package.py").write_text("")
    assert git.state_around(repository / "installed" / "package.py") is None
    assert git.state_around(repository.parent / "outside.py") is None


def test_outside_of_a_repository_there_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is in no git repository.*git: not a git repository"):
        git.root(tmp_path)


def test_where_git_refuses_its_own_words_say_why_and_what_to_do(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(UsageError, match=r"(?s)dubious ownership.*git config --global --add safe\.directory"):
        git.root(repository)


def in_folder(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *who, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_state_of_the_source_is_its_commit_and_whether_anything_changed_since(tmp_path: Path) -> None:
    assert git.state(tmp_path) is None

    in_folder(tmp_path, "init")
    (tmp_path / "file").write_text("1")
    in_folder(tmp_path, "add", "file")
    in_folder(tmp_path, "commit", "-m", "first")
    commit = in_folder(tmp_path, "log", "-1", "--format=%H")
    assert git.state(tmp_path) == {"commit": commit, "dirty": False}

    (tmp_path / "file").write_text("2")
    assert git.state(tmp_path) == {"commit": commit, "dirty": True}


def test_without_git_nothing_is_known_of_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert git.state(tmp_path) is None
