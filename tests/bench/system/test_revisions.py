"""Versions of small repositories, each in a folder of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.system.revisions import Versions, repository


class Repository:
    """A repository to write files into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
        command = ["git", "-C", str(self.folder), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def write(self, files: Mapping[str, str]) -> None:
        """Files by their paths."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a commit")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def mine(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "deep" / "er" / "mine")


@contextmanager
def versions(of: Path, tmp_path: Path, base: str = "HEAD", head: str | None = None) -> Iterator[Versions]:
    place = tmp_path / "place"
    place.mkdir(exist_ok=True)
    with repository(of).versions(base, head, place) as found:
        yield found
    assert list(place.iterdir()) == []


def files(root: Path) -> set[str]:
    """Those of a tree, without git's own."""
    every = (Path(folder, name) for folder, _, names in os.walk(root) for name in names)
    return {str(path.relative_to(root)) for path in every} - {".git"}


def test_each_version_has_its_own_files_in_folders_of_one_length_and_depth(
    mine: Repository, tmp_path: Path
) -> None:
    mine.write({"page": "old", "gone": "x", "static/a": "a"})
    mine.commit()
    mine.write({"page": "new", "untracked/b": "b"})
    (mine.folder / "gone").unlink()
    with versions(mine.folder, tmp_path) as found:
        assert (found.base.folder / "page").read_text() == "old"
        assert (found.head.folder / "page").read_text() == "new"
        assert files(found.base.root) == {"page", "gone", "static/a"}
        assert files(found.head.root) == {"page", "static/a", "untracked/b"}
        # An app that resolves its paths must not find one version deeper than the other.
        real = [os.path.realpath(tree.folder / "static" / "a") for tree in (found.base, found.head)]
        assert len(real[0]) == len(real[1])
        assert real[1] == f"{found.head.folder.resolve()}/static/a"
        assert "with uncommitted changes" in found.head.said
    assert mine.git("worktree", "list").count("\n") == 0


def test_the_head_may_be_a_commit(mine: Repository, tmp_path: Path) -> None:
    mine.write({"page": "old"})
    first = mine.commit()
    mine.write({"page": "new"})
    mine.commit()
    mine.write({"page": "newest"})
    with versions(mine.folder, tmp_path, first, "HEAD") as found:
        texts = [(tree.folder / "page").read_text() for tree in (found.base, found.head)]
    assert texts == ["old", "new"]


def test_links_and_modes_of_the_working_tree_are_kept(mine: Repository, tmp_path: Path) -> None:
    mine.write({"run": "#!/bin/sh", "data": "d"})
    (mine.folder / "run").chmod(0o755)
    (mine.folder / "link").symlink_to("data")
    mine.commit()
    with versions(mine.folder, tmp_path) as found:
        for tree in (found.base, found.head):
            assert os.access(tree.folder / "run", os.X_OK)
            assert os.readlink(tree.folder / "link") == "data"


def test_from_a_folder_within_the_app_is_that_of_the_same_folder(mine: Repository, tmp_path: Path) -> None:
    mine.write({"service/app": "1", "lib/common": "2"})
    mine.commit()
    with versions(mine.folder / "service", tmp_path) as found:
        for tree in (found.base, found.head):
            assert tree.folder == tree.root / "service"
            assert files(tree.root) == {"service/app", "lib/common"}


def test_a_base_without_that_folder_is_refused(mine: Repository, tmp_path: Path) -> None:
    mine.write({"other": "1"})
    first = mine.commit()
    mine.write({"service/app": "1"})
    with (
        pytest.raises(UsageError, match="has no folder service/"),
        versions(mine.folder / "service", tmp_path, first),
    ):
        pass


def test_settings_that_no_commit_has_are_those_of_both(mine: Repository, tmp_path: Path) -> None:
    mine.write({".gitignore": ".env*\n", "service/app": "1"})
    mine.commit()
    mine.write({"service/.env": "A=1", "service/.env.local": "B=2", ".env": "A=3"})
    with versions(mine.folder / "service", tmp_path) as found:
        for tree in (found.base, found.head):
            assert (tree.folder / ".env").read_text() == "A=1"
            assert (tree.folder / ".env.local").read_text() == "B=2"
    with versions(mine.folder / "service", tmp_path, head="HEAD") as found:
        assert (found.head.folder / ".env").read_text() == "A=1"


def test_what_git_ignores_is_there_for_the_head_and_named(mine: Repository, tmp_path: Path) -> None:
    mine.write(
        {".gitignore": "*.local.toml\n*.sqlite\n__pycache__\n.venv\nnode_modules\nmyenv\n", "app": "1"}
    )
    mine.commit()
    mine.write({"settings.local.toml": "page_size = 200", "data/shop.sqlite": "rows"})
    for cache in ("__pycache__/app.pyc", "node_modules/x/y.js", "old/__pycache__/a.pyc", "myenv/pyvenv.cfg"):
        (mine.folder / cache).parent.mkdir(parents=True, exist_ok=True)
        (mine.folder / cache).write_text("")
    with versions(mine.folder, tmp_path) as found:
        assert (found.head.folder / "settings.local.toml").read_text() == "page_size = 200"
        assert (found.head.folder / "data/shop.sqlite").read_text() == "rows"
        assert not (found.head.folder / "__pycache__").exists()
        (note,) = found.notes
    names = note.removeprefix("Only the working tree has ").partition(", which git ignores")[0].split(", ")
    assert names == ["data/", "settings.local.toml"]


@pytest.mark.parametrize(("count", "more"), [(5, ""), (7, " and 2 more")])
def test_of_many_ignored_files_some_are_named(
    mine: Repository, tmp_path: Path, count: int, more: str
) -> None:
    mine.write({".gitignore": "*.local\n", "app": "1"})
    mine.commit()
    mine.write({f"f{number}.local": "" for number in range(count)})
    with versions(mine.folder, tmp_path) as found:
        assert f"f3.local, f4.local{more}, which git ignores" in found.notes[0]


def test_what_is_carried_is_there_for_both_and_no_longer_named(mine: Repository, tmp_path: Path) -> None:
    mine.write({".gitignore": "*.local\n", "service/app": "1"})
    mine.commit()
    mine.write({"service/a.local": "A", "b.local": "B"})
    with versions(mine.folder / "service", tmp_path) as found:
        (note,) = found.notes
    assert "--carry ../b.local" in note
    place = tmp_path / "place"
    with repository(mine.folder / "service").versions("HEAD", None, place, carry=("a.local",)) as found:
        assert [(tree.folder / "a.local").read_text() for tree in (found.base, found.head)] == ["A", "A"]
        assert "a.local" not in found.notes[0]


def test_the_working_tree_may_be_both(mine: Repository, tmp_path: Path) -> None:
    mine.write({"page": "old"})
    mine.commit()
    mine.write({"page": "new"})
    place = tmp_path / "place"
    place.mkdir()
    with repository(mine.folder).versions(None, None, place) as found:
        assert [(tree.folder / "page").read_text() for tree in (found.base, found.head)] == ["new", "new"]
        assert found.notes == ()


def test_what_a_killed_process_left_goes_with_the_next_start(mine: Repository, tmp_path: Path) -> None:
    mine.write({"page": "old"})
    mine.commit()
    mine.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "fastapi-bench-x" / "base"))
    (tmp_path / "fastapi-bench-x").rename(tmp_path / "gone")
    with versions(mine.folder, tmp_path):
        assert "fastapi-bench-x" not in mine.git("worktree", "list")


def test_a_shallow_clone_says_so(mine: Repository, tmp_path: Path) -> None:
    mine.write({"page": "old"})
    first = mine.commit()
    mine.write({"page": "new"})
    mine.commit()
    mine.git("clone", "--quiet", "--depth", "1", f"file://{mine.folder}", str(tmp_path / "shallow"))
    with pytest.raises(UsageError, match="this clone is shallow: git fetch --unshallow"):
        repository(tmp_path / "shallow").commit(first)


def test_nothing_is_noted_where_nothing_lacks(mine: Repository, tmp_path: Path) -> None:
    mine.write({".gitignore": "*.local\n.env\n", "app": "1"})
    mine.commit()
    mine.write({".env": "A=1"})
    with versions(mine.folder, tmp_path) as found:
        assert found.notes == ()
    mine.write({"a.local": "1"})
    with versions(mine.folder, tmp_path, head="HEAD") as found:  # neither version has it
        assert found.notes == ()


def with_submodule(mine: Repository, tmp_path: Path) -> tuple[Repository, str]:
    """A library whose first commit is that of the first commit of `mine`; the second has moved on."""
    inner = Repository(tmp_path / "inner")
    inner.write({"deep": "deep"})
    inner.commit()
    lib = Repository(tmp_path / "lib")
    lib.write({"helper": "old"})
    lib.git("submodule", "--quiet", "add", str(inner.folder), "inner")
    lib.commit()
    mine.git("submodule", "--quiet", "add", str(lib.folder), "shared/lib")
    mine.git("submodule", "--quiet", "update", "--init", "--recursive")
    first = mine.commit()
    lib.write({"helper": "new"})
    lib.commit()
    mine.git("-C", "shared/lib", "pull", "--quiet", "origin", "main")
    mine.commit()
    return lib, first


def test_a_submodule_is_that_of_its_version(mine: Repository, tmp_path: Path) -> None:
    _, first = with_submodule(mine, tmp_path)
    (mine.folder / "shared/lib/helper").write_text("newest")
    with versions(mine.folder, tmp_path, first) as found:
        assert (found.base.folder / "shared/lib/helper").read_text() == "old"
        assert (found.head.folder / "shared/lib/helper").read_text() == "newest"
        for tree in (found.base, found.head):
            assert (tree.folder / "shared/lib/inner/deep").read_text() == "deep"
    with versions(mine.folder, tmp_path, first, "HEAD") as found:
        assert (found.head.folder / "shared/lib/helper").read_text() == "new"
    assert mine.git("-C", "shared/lib", "status", "--porcelain") == "M helper"


def test_a_submodule_that_only_the_base_has_comes_from_what_git_keeps(
    mine: Repository, tmp_path: Path
) -> None:
    _, first = with_submodule(mine, tmp_path)
    mine.git("rm", "-q", "-f", "shared/lib")
    mine.commit()
    with versions(mine.folder, tmp_path, first) as found:
        assert (found.base.folder / "shared/lib/helper").read_text() == "old"
        assert not (found.head.folder / "shared/lib").exists()


def test_a_submodules_commit_that_was_never_fetched_is_named(mine: Repository, tmp_path: Path) -> None:
    lib, _ = with_submodule(mine, tmp_path)
    lib.write({"helper": "elsewhere"})
    missing = lib.commit()
    mine.git("update-index", "--cacheinfo", f"160000,{missing},shared/lib")
    mine.git("commit", "-q", "-m", "points to a commit that is not here")
    with (
        pytest.raises(UsageError, match=rf"the submodule 'shared/lib' lacks commit {missing[:10]}"),
        versions(mine.folder, tmp_path),
    ):
        pass
    assert mine.git("worktree", "list").count("\n") == 0


def test_a_place_within_the_working_tree_is_not_copied_into_itself(mine: Repository, tmp_path: Path) -> None:
    mine.write({"app": "1"})
    mine.commit()
    place = mine.folder / "tmp" / "place"
    place.mkdir(parents=True)
    with repository(mine.folder).versions("HEAD", None, place) as found:
        assert files(found.head.root) == {"app"}
