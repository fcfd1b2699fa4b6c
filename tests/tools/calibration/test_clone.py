"""Heads in a clone of a small repository that has the files of the app."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.errors import GateError, UsageError
from bench.system.revisions import repository
from tools.calibration.clone import Clone, clone_source, git
from tools.calibration.faults import DOCUMENTED, FAULTS, HANDLERS, add_loop

ROOT = Path(__file__).parents[3]
FILES = (*DOCUMENTED, "target_app/settings.py")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A repository of the app's files, committed, with a change that is not."""
    folder = tmp_path / "source"
    for file in FILES:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text((ROOT / file).read_text())
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "the app")
    (folder / "uncommitted").write_text("")
    return folder


@pytest.fixture
def clone(source: Path, tmp_path: Path) -> Iterator[Clone]:
    with clone_source(repository(source), tmp_path / "clone") as clone:
        yield clone


def changed(clone: Clone, head: str) -> set[str]:
    return set(git(clone.folder, "diff", "--name-only", clone.base, head).splitlines())


def test_a_clone_is_what_was_committed_and_the_source_stays_as_it_is(source: Path, clone: Clone) -> None:
    before = git(source, "rev-parse", "HEAD"), git(source, "status", "--porcelain")
    clone.head([], words=0)
    assert (git(source, "rev-parse", "HEAD"), git(source, "status", "--porcelain")) == before
    assert (clone.base, (clone.folder / "uncommitted").exists()) == (before[0], False)


def test_heads_stand_on_the_base_each_by_itself_with_words_of_their_own(clone: Clone) -> None:
    first, second = clone.head([], words=0), clone.head([], words=1)
    assert changed(clone, first) == changed(clone, second) == set(DOCUMENTED)
    assert git(clone.folder, "rev-parse", f"{first}^", f"{second}^").split() == [clone.base] * 2
    assert git(clone.folder, "diff", first, second) != ""
    assert git(clone.folder, "rev-parse", "HEAD") == clone.base
    assert git(clone.folder, "status", "--porcelain") == ""


def test_faults_of_several_handlers_are_in_one_head(clone: Clone) -> None:
    turns = {name: 100 + place for place, name in enumerate(HANDLERS)}
    head = clone.head([(add_loop(name), turns[name]) for name in HANDLERS], words=0)
    said = git(clone.folder, "diff", clone.base, head)
    assert [said.count(f'+    for _ in b"." * {count}:') for count in turns.values()] == [1] * len(turns)


def test_a_fault_of_two_places_and_one_outside_of_the_routers(clone: Clone) -> None:
    leak = clone.head([(patch, 0) for patch in FAULTS["leak"].spoiled["noop-async"]], words=0)
    assert git(clone.folder, "show", f"{leak}:{DOCUMENTED[0]}").count("_KEPT") == 2
    (patch,) = FAULTS["pool"].spoiled["io-sync"]
    assert changed(clone, clone.head([(patch, 0)], words=0)) == {*DOCUMENTED, "target_app/settings.py"}


def test_what_is_no_repository_or_cannot_be_cloned_is_an_error(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no git repository"):
        repository(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("")
    with pytest.raises(GateError, match="git clone"), clone_source(repository(source), tmp_path / "taken"):
        pass
