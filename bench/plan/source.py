"""The name of a service by its source: of its pyproject.toml, else of its repository."""

from __future__ import annotations

import tomllib
from pathlib import Path

from bench.errors import UsageError
from bench.model.json_values import as_mapping, as_text
from bench.system import git


def source_name(place: Path, folder: Path) -> str:
    """The name in the nearest pyproject.toml above a place, up to the top of its repository, else that top's name.

    Outside of a repository `folder`, where the service runs, stands for the top.
    """
    place, top = place.resolve(), _top(place) or folder.resolve()
    return _written(place, top) or top.name


def _top(place: Path) -> Path | None:
    try:
        return git.root(place) if place.is_dir() else None
    except UsageError:
        return None


def _written(place: Path, top: Path) -> str | None:
    above = (place, *place.parents)
    for folder in above[: above.index(top) + 1 if top in above else 1]:
        try:
            content = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            return None
        poetry = as_mapping(as_mapping(content.get("tool")).get("poetry"))
        return as_text(as_mapping(content.get("project")).get("name")) or as_text(poetry.get("name"))
    return None
