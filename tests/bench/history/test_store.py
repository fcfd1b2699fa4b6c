from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.history.lines import line
from bench.history.store import FILE, Branch, Folder
from tests.bench.history.entries import entry, history
from tests.bench.repository import git

ADDER = """
import sys
from pathlib import Path
from bench.history.store import Branch, Folder
from tests.bench.history.entries import entry

place = Branch(Path(sys.argv[1]), "history") if sys.argv[2] == "branch" else Folder(Path(sys.argv[1]))
for number in map(int, sys.argv[3:]):
    place.add(entry(number))
"""


def at_once(folder: Path, kind: str, adders: int = 4, each: int = 4) -> set[tuple[object, ...]]:
    """What several programs add at the same time, each several entries."""
    root = Path(__file__).parents[3]
    numbers = [list(range(first * each, first * each + each)) for first in range(adders)]
    command = [sys.executable, "-c", ADDER, str(folder), kind]
    running = [subprocess.Popen([*command, *map(str, mine)], cwd=root) for mine in numbers]
    assert [child.wait(60) for child in running] == [0] * adders
    return {entry(number).key for mine in numbers for number in mine}


# --- a folder ------------------------------------------------------------------------------------


def test_a_folder_keeps_a_line_an_entry(tmp_path: Path) -> None:
    place = Folder(tmp_path / "new" / "folder")
    for one in history([1.0, 2.0]):
        place.add(one)
    assert place.read().entries == history([1.0, 2.0])
    assert (tmp_path / "new" / "folder" / FILE).read_bytes() == b"".join(map(line, history([1.0, 2.0])))


def test_what_was_cut_off_gives_way_to_the_next_entry(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    place.add(entry(0))
    with (tmp_path / FILE).open("ab") as file:
        file.write(line(entry(1))[:40])
    assert place.read().torn == line(entry(1))[:40]
    place.add(entry(2))
    assert place.read().entries == (entry(0), entry(2))
    assert place.read().torn == b""


def test_nothing_is_added_to_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"nonsense\n")
    with pytest.raises(UsageError, match=r"history.jsonl, line 1: "):
        Folder(tmp_path).add(entry(0))
    assert (tmp_path / FILE).read_bytes() == b"nonsense\n"


def test_several_who_add_to_a_folder_at_once_lose_nothing(tmp_path: Path) -> None:
    expected = at_once(tmp_path, "folder")
    found = Folder(tmp_path).read()
    assert {one.key for one in found.entries} == expected
    assert (len(found.entries), found.torn) == (16, b"")


def test_where_there_is_no_history_it_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no history; `bench history add RUN` begins one"):
        Folder(tmp_path).read()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written: File exists"):
        Folder(tmp_path / "file").add(entry(0))


# --- a branch ------------------------------------------------------------------------------------


def test_a_branch_keeps_it_with_a_commit_an_entry(repository: Path) -> None:
    place = Branch(repository, "history")
    for one in history([1.0, 2.0]):
        place.add(one)
    assert place.read().entries == history([1.0, 2.0])
    subjects = git(repository, "log", "--format=%s", "history").splitlines()
    assert subjects == ["history: 0000000000 subject 1", "history: 0000000000 subject 0"]


def test_neither_work_tree_nor_index_nor_the_branch_one_is_on_are_touched(repository: Path) -> None:
    (repository / "app.py").write_text("changed")
    (repository / "staged").write_text("staged")
    git(repository, "add", "staged")
    before = [git(repository, *words) for words in (("status", "--porcelain"), ("rev-parse", "HEAD"))]
    Branch(repository, "history").add(entry(0))
    after = [git(repository, *words) for words in (("status", "--porcelain"), ("rev-parse", "HEAD"))]
    assert after == before
    assert git(repository, "branch").splitlines() == ["history", "* main"]
    assert sorted(path.name for path in repository.iterdir()) == [".git", "app.py", "staged"]


def test_other_files_of_the_branch_stay(repository: Path) -> None:
    git(repository, "branch", "pages")
    Branch(repository, "pages").add(entry(0))
    Branch(repository, "pages").add(entry(1))
    assert git(repository, "ls-tree", "--name-only", "pages").splitlines() == ["app.py", FILE]
    assert git(repository, "show", "pages:app.py") == "second"


def test_several_who_add_to_a_branch_at_once_lose_nothing(repository: Path) -> None:
    expected = at_once(repository, "branch")
    assert {one.key for one in Branch(repository, "history").read().entries} == expected
    assert git(repository, "rev-list", "--count", "history") == "16"


def test_where_git_knows_no_author_it_is_ours(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a runner."""
    for key in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(key, raising=False)
    for key in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(key, "/dev/null")
    git(repository, "config", "user.useConfigOnly", "true")
    Branch(repository, "history").add(entry(0))
    assert git(repository, "log", "--format=%an", "history") == "fastapi-bench"


def test_hooks_do_not_run(repository: Path) -> None:
    hook = repository / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    Branch(repository, "history").add(entry(0))
    assert Branch(repository, "history").read().entries == (entry(0),)


def test_a_branch_that_is_checked_out_is_refused(repository: Path) -> None:
    with pytest.raises(UsageError, match="branch 'main' is checked out; a history needs a branch of its own"):
        Branch(repository, "main").add(entry(0))
    assert git(repository, "status", "--porcelain") == ""


@pytest.mark.parametrize("name", ["two words", "-x", "a..b", "@{-1}", ""], ids=repr)
def test_a_name_that_no_branch_can_have_is_refused(repository: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no name that git allows"):
        Branch(repository, name)


@pytest.mark.parametrize("name", ["nowhere", "empty"], ids=["no branch", "a branch without a history"])
def test_a_branch_that_holds_no_history_says_how_to_begin_one(repository: Path, name: str) -> None:
    git(repository, "branch", "empty")
    with pytest.raises(
        UsageError, match=f"branch '{name}' holds no history; `bench history add RUN --branch {name}`"
    ):
        Branch(repository, name).read()
