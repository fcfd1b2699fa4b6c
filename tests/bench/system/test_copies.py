"""Copies of a user's files: what is brought into a version, and what an installer must not reach."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.system.copies import carry, copy_working_tree
from tests.bench.repository import git


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def version(repository: Path, tmp_path: Path) -> Path:
    """An empty version; the user's repository has files that git ignores."""
    write(
        repository,
        {
            ".gitignore": "*.sqlite\n/models/\n.venv\nmyenv\nbuild\n",
            "data/shop.sqlite": "rows",
            "data/readme": "the user's",
            "models/a/b": "weights",
            ".venv/pyvenv.cfg": "",
            "myenv/pyvenv.cfg": "",
            "build/x": "",
        },
    )
    place = tmp_path / "place" / "head"
    place.mkdir(parents=True)
    return place


def test_what_is_carried_is_a_copy_and_what_the_version_has_stays(repository: Path, version: Path) -> None:
    write(version, {"data/readme": "the version's"})
    carry(repository, repository, ("data", "models/a"), version)
    assert (version / "data/shop.sqlite").read_text() == "rows"
    assert (version / "data/readme").read_text() == "the version's"
    assert (version / "models/a/b").read_text() == "weights"
    (version / "data/shop.sqlite").write_text("changed")
    assert (repository / "data/shop.sqlite").read_text() == "rows"


def test_the_working_trees_links_to_it_become_copies(repository: Path, version: Path) -> None:
    copy_working_tree(repository, version, version.parent)
    assert (version / "models").is_symlink()
    carry(repository, repository, ("models", str(repository / "data/shop.sqlite")), version)
    for name in ("models/a/b", "data/shop.sqlite"):
        (version / name).write_text("changed")
    assert (repository / "models/a/b").read_text() == "weights"
    assert (repository / "data/shop.sqlite").read_text() == "rows"


def test_a_part_of_a_linked_folder_is_there_already(repository: Path, version: Path) -> None:
    copy_working_tree(repository, version, version.parent)
    carry(repository, repository, ("models/a",), version)
    assert (version / "models").is_symlink()
    assert (version / "models/a/b").read_text() == "weights"


def test_a_link_out_of_the_repository_leads_to_the_same_file(
    repository: Path, version: Path, tmp_path: Path
) -> None:
    write(tmp_path, {"shared/certificate": "signed"})
    (repository / "certificate").symlink_to("../shared/certificate")
    carry(repository, repository, ("certificate",), version)
    assert (version / "certificate").read_text() == "signed"


@pytest.mark.parametrize(
    ("name", "said"), [("nowhere", "there is no nowhere"), ("..", "not within the repository")]
)
def test_a_name_that_leads_nowhere_or_out_is_a_mistake(
    repository: Path, version: Path, name: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        carry(repository, repository, (name,), version)


def test_without_environments_an_installer_reaches_none_of_the_users(repository: Path, version: Path) -> None:
    copy_working_tree(repository, version, version.parent, environments=False)
    there = set(os.listdir(version))
    assert there.isdisjoint({".venv", "myenv", "build"})
    assert {"models", "data", "app.py"} <= there
    assert git(repository, "status", "--porcelain").startswith("??")
