from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.plan.tables import TomlTables, localize, merge, read_tables, read_toml


def test_a_table_is_named_by_file_and_all_that_precedes_it(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[a]\nx = 1\n["b c"]\n')
    file = read_tables(tmp_path / "mine.toml")
    assert (file.folder, dict(file.tables)) == (tmp_path, {"a": {"x": 1}, "b c": {}})
    assert file.where("a") == f"{tmp_path / 'mine.toml'}: [a]"
    part = TomlTables(title="bench.toml", folder=tmp_path, tables={}, prefix="setups.")
    assert part.where("a") == "bench.toml: [setups.a]"


def test_a_file_is_named_as_the_caller_calls_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^that: there is no such file$"):
        read_toml(tmp_path / "nowhere.toml", "that")
    (tmp_path / "broken.toml").write_text("a = ")
    with pytest.raises(UsageError, match=r"^that: not valid TOML: "):
        read_toml(tmp_path / "broken.toml", "that")


def test_keys_above_win_and_environments_are_merged() -> None:
    beneath = {"app": "a", "env": {"A": "1", "B": "1"}, "args": ["-x"]}
    above = {"app": "b", "env": {"B": "2"}, "args": []}
    assert merge(beneath, above) == {"app": "b", "env": {"A": "1", "B": "2"}, "args": []}
    assert merge(beneath, {}) == beneath
    assert merge({}, above) == above
    assert merge(beneath, {"env": 3})["env"] == 3  # left to be refused


def test_paths_start_from_the_files_folder_and_an_env_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "my.env").write_text("A=file\nB=file\n")
    file = TomlTables(title="bench.toml", folder=tmp_path, tables={}, prefix="setups.")
    table = {
        "cwd": "x",
        "python": "venv/bin/python",
        "env_file": "my.env",
        "env": {"B": "table"},
        "app_dir": "src",
    }
    made = localize(file, "a", table)
    assert made == {
        "cwd": str(tmp_path / "x"),
        "python": str(tmp_path / "venv/bin/python"),
        "env": {"A": "file", "B": "table"},
        "app_dir": "src",
    }
    assert localize(file, "a", {"python": "3.13"}) == {"python": "3.13"}
    assert localize(file, "a", {"cwd": 3}) == {"cwd": 3}  # left to be refused
    with pytest.raises(
        UsageError, match=r"^bench\.toml: \[setups\.a\] env_file: 3 is not the name of a file"
    ):
        localize(file, "a", {"env_file": 3})
