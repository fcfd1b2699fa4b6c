"""Paths and files as a user of the command line sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli._terminal import note, say, short_path, write_file
from bench.errors import UsageError


def test_a_path_below_the_current_folder_is_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert short_path(tmp_path / "a" / "b") == "a/b"
    assert short_path(Path("a")) == "a"
    assert short_path(tmp_path.parent) == str(tmp_path.parent)


def test_a_file_is_written_to_the_character_in_a_new_folder(tmp_path: Path) -> None:
    write_file(tmp_path / "new" / "a.csv", "é,1\r\n2\n")
    assert (tmp_path / "new" / "a.csv").read_bytes() == "é,1\r\n2\n".encode()


def test_a_file_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: Is a directory"):
        write_file(tmp_path, "")


def test_what_looks_like_a_secret_is_masked(capsys: pytest.CaptureFixture[str]) -> None:
    say("a redis://:hush@host")
    note("b password=hush")
    assert capsys.readouterr() == ("a redis://:***@host\n", "b password=***\n")
