"""The options that say what a gate compares, as both gates have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli._sides import SidesOptions
from bench.gates.sides.sides import SidesAsked
from tests.bench.program import bench_here


def test_files_are_named_from_the_folder_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert SidesOptions(carry=[Path("a"), Path("/b")]).asked().carry == (str(tmp_path / "a"), "/b")
    assert SidesOptions().asked() == SidesAsked()


@pytest.mark.parametrize("command", ["ab", "exact"])
def test_both_gates_tell_how_to_compare_environments(command: str, tmp_path: Path) -> None:
    said = bench_here(command, "--help", cwd=tmp_path).stdout
    for word in ("--base-python", "--head-python", "--install", "--carry", "uv sync --frozen"):
        assert word in said
