"""The files in the tree of `bench` that are not Python, against those that pyproject puts into the wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_file_beside_the_modules_is_in_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    room = ROOT / "bench"
    files = {path for path in room.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    packed = {path for pattern in patterns for path in room.rglob(pattern) if path.is_file()}
    assert files - packed == set()
    assert {path.suffix for path in packed} >= {".css", ".jinja", ".toml"}
