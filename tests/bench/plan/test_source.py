"""The name of a service, as its source has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.plan.source import source_name
from tests.bench.repository import git


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('[project]\nname = "the-shop"\n', "the-shop"),
        ('[tool.poetry]\nname = "old-shop"\n', "old-shop"),
        ("[project]\nname = 3\n", "repository"),
        ("not TOML", "repository"),
        (None, "repository"),
    ],
)
def test_it_is_the_nearest_written_one_else_the_repositorys(
    tmp_path: Path, text: str | None, name: str
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n')
    place = tmp_path / "repository" / "src" / "shop"
    place.mkdir(parents=True)
    git(tmp_path / "repository", "init", "--quiet")
    if text is not None:
        (tmp_path / "repository" / "pyproject.toml").write_text(text)
    assert source_name(place, place.parent) == name
    (place / "pyproject.toml").write_text('[project]\nname = "nearest"\n')
    assert source_name(place, place.parent) == "nearest"


def test_outside_of_a_repository_it_is_the_folder_that_the_service_runs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain" / "src").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n')
    assert source_name(tmp_path / "plain" / "src", tmp_path / "plain") == "plain"
    monkeypatch.chdir(tmp_path / "plain")
    assert source_name(Path("src"), Path()) == "plain"
    assert source_name(Path("nowhere"), Path()) == "plain"
    (tmp_path / "plain" / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    assert source_name(Path("src"), Path()) == "shop"
    assert source_name(tmp_path, Path("src")) == "another"
